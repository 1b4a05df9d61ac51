// A scripted model that keeps each request with the attempt that paid for it, so that requests can be ordered by step path.
import { AppError } from "../../lib/core/errors.ts";
import { sha256Hex } from "../../lib/core/ids.ts";
import type { Reservation } from "../../lib/ledger/types.ts";
import type { ModelRequest, ModelResult } from "../../lib/models/types.ts";
import { ScriptedModel, type ScriptedAnswer } from "../../lib/testing/ScriptedModel.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { scriptedAnswer, type SeedSource } from "./scriptedAnswer.ts";

export interface PaidRequest {
  readonly attemptId: string;
  readonly request: ModelRequest;
}

export interface RecordingModelOptions {
  readonly name: string;
  readonly seedSource: SeedSource;
  /** Counts usage exactly; without it four characters make a token. */
  readonly counter?: TokenCounter;
}

export class RecordingModel extends ScriptedModel {
  readonly #byExecution = new Map<string, PaidRequest[]>();

  constructor({ name, seedSource, counter }: RecordingModelOptions) {
    const failed = new Set<string>();
    super((request) => (request.model === "failing" ? failOnce(request, failed) : undefined) ?? scriptedAnswer(request, seedSource), {
      name,
      ...(counter === undefined ? {} : { counter }),
    });
  }

  override async call(request: ModelRequest, reservation: Reservation): Promise<ModelResult> {
    const held = this.#byExecution.get(reservation.executionId) ?? [];
    this.#byExecution.set(reservation.executionId, held);
    // A tool loop goes on writing into its list of messages.
    held.push({ attemptId: reservation.attemptId, request: { ...request, messages: structuredClone(request.messages) } });
    return super.call(request, reservation);
  }

  requestsOf(executionId: string): readonly PaidRequest[] {
    return this.#byExecution.get(executionId) ?? [];
  }
}

/** The first of the same requests fails before anything was accepted; one agent runs once per system. */
function failOnce(request: ModelRequest, failed: Set<string>): ScriptedAnswer | undefined {
  const id = sha256Hex(JSON.stringify([request.system, request.messages]));
  if (failed.has(id)) return undefined;
  failed.add(id);
  return {
    error: new AppError("UPSTREAM_UNAVAILABLE", "the scripted model is busy", { retry: "later", details: { mayHaveSpent: false } }),
  };
}
