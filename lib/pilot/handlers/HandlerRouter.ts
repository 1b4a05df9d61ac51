// Finds the handler of a step's intent for the governor, with the rows as they are now. Performs nothing.
import type { Clock } from "../../core/clock.ts";
import type { WorkspaceId } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { FoundHandler, HandlerRegistry } from "../../orchestration/HandlerRegistry.ts";
import type { HandlerRow } from "../../orchestration/handlers/handlerRows.ts";
import type { IntentType } from "../../orchestration/types.ts";
import type { WorkflowStep } from "../../workflow/types.ts";

export interface HandlerRouterOptions {
  readonly registry: HandlerRegistry;
  readonly loadRows: (workspaceId: WorkspaceId) => Promise<readonly HandlerRow[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long rows that were read are good for. */
const FRESH_MS = 5_000;

export class HandlerRouter {
  readonly registry: HandlerRegistry;
  readonly #options: HandlerRouterOptions;
  readonly #read = new Map<WorkspaceId, { readonly atMs: number; readonly applied: Promise<void> }>();
  /** Told once each, not every five seconds. */
  readonly #told = new Set<string>();

  constructor(options: HandlerRouterOptions) {
    this.#options = options;
    this.registry = options.registry;
  }

  async find(step: WorkflowStep, intent: IntentType, workspaceId: WorkspaceId): Promise<FoundHandler> {
    await this.#applyRows(workspaceId);
    return this.registry.serves(step, intent, workspaceId);
  }

  #applyRows(workspaceId: WorkspaceId): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#read.get(workspaceId);
    if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.applied;
    const applied = this.#load(workspaceId);
    this.#read.set(workspaceId, { atMs: nowMs, applied });
    applied.catch(() => this.#read.delete(workspaceId));
    return applied;
  }

  async #load(workspaceId: WorkspaceId): Promise<void> {
    const { warnings } = this.registry.applyRows(await this.#options.loadRows(workspaceId), workspaceId);
    for (const warning of warnings) {
      if (this.#told.has(warning)) continue;
      this.#told.add(warning);
      this.#options.logger.warn({ workspaceId }, warning);
    }
  }
}
