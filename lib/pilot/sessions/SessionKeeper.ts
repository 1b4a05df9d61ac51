// Opens sessions, keeps their rows alive while their process is, and ends those of processes that went silent. Makes no call.
import { createAuditRow } from "../../audit/AuditRow.ts";
import { AUDIT_EVENTS } from "../../audit/events.ts";
import { randomId, sha256, uuidv5, type WorkspaceId } from "../../core/ids.ts";
import { repeatEvery } from "../../core/repeatEvery.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ModelSession } from "../../sessionApi.ts";
import { makeDocument, putDocuments } from "../DocumentStore.ts";
import type { ConfigSnapshot } from "../ExecutionState.ts";
import { insertExecutions } from "../ExecutionStore.ts";
import { CallSession, type SessionServices } from "./CallSession.ts";
import { endSession } from "./endSession.ts";
import { beginSession, findSilent, renewSessions } from "./SessionStore.ts";
import { SESSION_MODE } from "./sessionMode.ts";

/** A session whose process has not been heard of for so long has ended. */
export const SESSION_SILENCE_MS = 300_000;
const RENEW_MS = 30_000;
const SWEEP_BATCH = 100;

export interface SessionStart {
  readonly id: string;
  readonly workspaceId: WorkspaceId;
  readonly agent: { readonly id: string; readonly name: string; readonly orchestration: "off" | "on" | null };
  readonly snapshot: ConfigSnapshot;
  readonly limits: ModelSession["limits"];
  readonly counting: ModelSession["counting"];
}

export interface KeeperOptions extends Omit<SessionServices, "onEnd"> {
  /** True for the owner of an embedded folder: sessions of the process before are dead, however lately it was heard of. */
  readonly ownsDatabase: boolean;
}

export class SessionKeeper {
  readonly #options: KeeperOptions;
  readonly #owner = `session-${randomId()}`;
  readonly #open = new Set<CallSession>();
  #stopRenewing: (() => void) | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  async open({ id, workspaceId, agent, snapshot, limits, counting }: SessionStart): Promise<CallSession> {
    const { db, clock } = this.#options;
    await this.sweep();
    const definition = makeDocument("definition", { name: agent.name, description: "model calls outside of a workflow", steps: [] });
    const settings = makeDocument("snapshot", snapshot as unknown as JsonObject);
    const inputContent = Buffer.from("{}", "utf8");
    await db.transaction(async (tx) => {
      await putDocuments(tx, workspaceId, [definition, settings]);
      const row = {
        id,
        workspaceId,
        agentId: agent.id,
        definitionHash: definition.hash,
        snapshotHash: settings.hash,
        inputHash: sha256(inputContent),
        inputContent,
        runMode: SESSION_MODE,
        totalSteps: 0,
        // No job has this id, so no worker ever claims the row.
        wakeId: randomId(),
        forkedFrom: null,
      };
      await insertExecutions(tx, [row], [startedAudit(workspaceId, id, clock.nowMs())]);
      await beginSession(tx, { id, owner: this.#owner, silenceMs: SESSION_SILENCE_MS });
    });
    const { orchestration } = agent;
    const facts = { executionId: id, workspaceId, agentId: agent.id, tags: snapshot.tags, limits, orchestration, counting };
    const session = new CallSession({ ...this.#options, onEnd: (ended) => this.#open.delete(ended) }, facts);
    this.#open.add(session);
    this.#renewRegularly();
    return session;
  }

  /** Ends what is silent. @returns how many were ended */
  async sweep(): Promise<number> {
    const { db, logger } = this.#options;
    const soleOwner = this.#options.ownsDatabase ? this.#owner : null;
    let ended = 0;
    for (const id of await findSilent(db, soleOwner, SWEEP_BATCH)) {
      // One that cannot be ended now must not keep others from it, nor a new one from being opened.
      const isEnded = await endSession(this.#options, id, { condition: { by: "sweep", soleOwner } }).catch((error: unknown) => {
        logger.error({ executionId: id, error: String(error) }, "a silent session could not be ended");
        return false;
      });
      if (isEnded) ended += 1;
    }
    if (ended > 0) logger.warn({ sessions: ended }, "sessions of silent processes were ended");
    return ended;
  }

  /** Ends a session from outside: calls under way are booked as assumed, and corrected by what they come to. @returns false: it is none, or has ended */
  async cancel(workspaceId: WorkspaceId, id: string, actor: string): Promise<boolean> {
    return endSession(this.#options, id, { condition: { by: "person", workspaceId }, actor });
  }

  async close(): Promise<void> {
    this.#stopRenewing?.();
    this.#stopRenewing = null;
    // One that cannot be ended now is silent from here on.
    const ends = await Promise.allSettled([...this.#open].map((session) => session.close()));
    const left = ends.filter(({ status }) => status === "rejected").length;
    if (left > 0) this.#options.logger.error({ sessions: left }, "sessions could not be ended and are left to the sweep");
  }

  #renewRegularly(): void {
    if (this.#stopRenewing !== null) return;
    const { clock, logger } = this.#options;
    this.#stopRenewing = repeatEvery({
      clock,
      everyMs: RENEW_MS,
      work: () => this.#renew(),
      onError: (error) => logger.warn({ error: String(error) }, "sessions could not be renewed"),
    });
  }

  async #renew(): Promise<void> {
    const held = [...this.#open];
    if (held.length > 0) {
      const ours = await renewSessions(
        this.#options.db,
        held.map(({ executionId, epoch }) => ({ id: executionId, epoch })),
        SESSION_SILENCE_MS,
      );
      for (const session of held) if (!ours.has(session.executionId)) session.noteLost();
    }
    await this.sweep();
  }
}

/** The id follows from the execution's, as at every start. */
function startedAudit(workspaceId: WorkspaceId, id: string, nowMs: number): ReturnType<typeof createAuditRow> {
  return createAuditRow(
    {
      workspaceId,
      executionId: id,
      action: AUDIT_EVENTS.PILOT_EXECUTION_STARTED,
      entityType: "execution",
      entityId: id,
      details: { mode: SESSION_MODE },
    },
    nowMs,
    uuidv5(`started/${id}`),
  );
}
