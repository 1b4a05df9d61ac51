// Commitments against the real ledger: 64 at once, counts that are off by up to 15 %, owners that die. No call starts past a limit, and none is spent past it.
import { describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { retriedTransaction, retryConflicts } from "../../../lib/db/retryConflicts.ts";
import { writeFacts } from "../../../lib/db/UnitPart.ts";
import { setAccount } from "../../../lib/ledger/BudgetStore.ts";
import { returnGrants, settlementWriter, type ChargeScope } from "../../../lib/ledger/LedgerStore.ts";
import type { Settlement } from "../../../lib/ledger/types.ts";
import { commit } from "../../../lib/orchestration/budgets/commitment.ts";
import { windowUpper } from "../../../lib/orchestration/budgets/contextGuard.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { checkLedger } from "../../faults/checkDatabase.ts";
import { createFaultEngine, type FaultEngine } from "../../faults/createFaultEngine.ts";
import { seededRandom, type SeededRandom } from "../../faults/seededRandom.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

const LANES = 64;
const OPERATIONS = 800;
const EXECUTIONS = 5;
const WORKSPACE_LIMIT = 35_000;
const NANO_PER_TOKEN = 2_000n;

interface OpenCall {
  readonly attemptId: string;
  readonly executionId: string;
  readonly reserved: number;
  readonly used: number;
}

class Schedule {
  readonly #db: Database;
  readonly #fault: FaultEngine;
  readonly #random: SeededRandom;
  readonly #scopes: ChargeScope[] = [];
  readonly #epochs = new Map<string, number>();
  readonly #open: OpenCall[] = [];
  readonly seen = { reserved: 0, refused: 0, fenced: 0, crashes: 0 };
  readonly faults: string[] = [];
  #calls = 0;

  constructor(db: Database, fault: FaultEngine, random: SeededRandom) {
    this.#db = db;
    this.#fault = fault;
    this.#random = random;
  }

  async play(): Promise<void> {
    for (let index = 0; index < EXECUTIONS; index += 1) await this.#fault.start([{ id: "s", type: "delay", duration: 0 }]);
    for (const { id, agentId, epoch } of await this.#fault.claim(EXECUTIONS)) {
      this.#epochs.set(id, epoch);
      this.#scopes.push({ workspaceId: DEFAULT_WORKSPACE_ID, executionId: id, agentId, tags: [] });
      await this.#limit("execution", id, 6_000 + this.#random.whole(8_000));
    }
    await this.#limit("workspace", DEFAULT_WORKSPACE_ID, WORKSPACE_LIMIT);
    let left = OPERATIONS;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await this.#operate();
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await this.#settle(this.#open.splice(0), "settled");
    await returnGrants(
      this.#db,
      this.#scopes.map(({ executionId }) => executionId),
    );
    await checkLedger(this.#db, this.faults);
    await this.#checkLimits();
  }

  async #limit(kind: "workspace" | "execution", subject: string, tokens: number): Promise<void> {
    const limits = { limitTokens: BigInt(tokens), limitUsd: BigInt(tokens) * NANO_PER_TOKEN, onLimit: "pause" } as const;
    const key = { workspaceId: DEFAULT_WORKSPACE_ID, kind, subject, windowKind: "total" } as const;
    await retriedTransaction(this.#db, (tx) =>
      setAccount(tx, key, limits, { lockExecutions: () => this.#fault.control.wakeForBudget(tx, DEFAULT_WORKSPACE_ID, {}, "ann") }),
    );
  }

  async #operate(): Promise<void> {
    const dice = this.#random.whole(20);
    if (dice < 11) return this.#reserve();
    if (dice < 18) return this.#settle(this.#take(1 + this.#random.whole(3)), "settled");
    if (dice < 19) return this.#crash();
    return retryConflicts(() => returnGrants(this.#db, [this.#random.pick(this.#scopes).executionId]));
  }

  async #reserve(): Promise<void> {
    const scope = this.#random.pick(this.#scopes);
    const truth = 50 + this.#random.whole(700);
    const counted = Math.ceil(truth * (0.85 + 0.3 * this.#random.next()));
    const inputUpperTokens = windowUpper({ tokens: counted, upperTokens: counted }, false);
    const maxOutputTokens = 16 + this.#random.whole(300);
    const { hardCap, outputCap } = commit({
      inputTokens: counted,
      inputUpperTokens,
      history: [],
      intent: "extract",
      maxOutputTokens,
      hasThinking: false,
    });
    this.#calls += 1;
    const outcome = await this.#fault.engine.ledger.reserve({
      scope,
      epoch: this.#epochs.get(scope.executionId) ?? 0,
      stepPath: "s",
      attempt: 1,
      call: this.#calls,
      kind: "model",
      provider: "openai",
      model: "gpt-4o-mini",
      tokens: hardCap,
      usd: BigInt(hardCap) * NANO_PER_TOKEN,
      outputCapTokens: outputCap,
      idempotencyKey: null,
      viewHash: null,
    });
    this.seen[outcome.kind] += 1;
    if (outcome.kind !== "reserved") return;
    const used = truth + this.#random.whole(outputCap + 1);
    this.#open.push({ attemptId: outcome.reservation.attemptId, executionId: scope.executionId, reserved: hardCap, used });
    await this.#checkLimits();
  }

  /** What is spent and what may still be, by the calls alone. */
  async #checkLimits(): Promise<void> {
    const { rows } = await this.#db.query(
      `SELECT a.kind, a.subject, a.limit_tokens, sum(t.tokens) AS tokens FROM ledger_accounts a
       JOIN (SELECT execution_id, COALESCE(used_tokens, reserved_tokens) AS tokens FROM step_attempts) t
         ON a.kind = 'workspace' OR a.subject = t.execution_id::text
       GROUP BY a.id HAVING sum(t.tokens) > a.limit_tokens`,
    );
    for (const row of rows) this.faults.push(`past a limit: ${JSON.stringify(row)}`);
  }

  #take(count: number): OpenCall[] {
    const taken: OpenCall[] = [];
    for (let index = 0; index < count && this.#open.length > 0; index += 1)
      taken.push(...this.#open.splice(this.#random.whole(this.#open.length), 1));
    return taken;
  }

  async #settle(calls: readonly OpenCall[], state: "settled" | "assumed"): Promise<void> {
    const rows = calls.map(({ attemptId, used, reserved }): Settlement => {
      const usedTokens = state === "assumed" ? reserved : used;
      return { attemptId, state, usedTokens, usedUsd: BigInt(usedTokens) * NANO_PER_TOKEN };
    });
    await retryConflicts(() => writeFacts(this.#db, settlementWriter, rows));
  }

  /** The owner dies; the next one books what was open at its worst case. */
  async #crash(): Promise<void> {
    this.seen.crashes += 1;
    const { executionId } = this.#random.pick(this.#scopes);
    const { rows } = await this.#db.query<{ epoch: number }>(
      "UPDATE workflow_executions SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch",
      [executionId],
    );
    const lost = this.#open.filter((call) => call.executionId === executionId);
    for (const call of lost) this.#open.splice(this.#open.indexOf(call), 1);
    await this.#settle(lost, "assumed");
    this.#epochs.set(executionId, rows[0]?.epoch ?? 0);
  }
}

describe("any schedule of commitments", () => {
  test.each([5, 6, 7])("starts nothing past a limit and spends nothing past it (seed %i)", async (seed) => {
    await using db = await openTestDatabase(QUEUE_TEMPLATE);
    const fault = await createFaultEngine(db, { supervise: false });
    const schedule = new Schedule(db, fault, seededRandom(seed));

    await schedule.play();
    await fault.close();

    expect(schedule.faults).toEqual([]);
    expect(schedule.seen.reserved).toBeGreaterThan(30);
    expect(schedule.seen.refused).toBeGreaterThan(10);
    expect(schedule.seen.crashes).toBeGreaterThan(5);
  });
});
