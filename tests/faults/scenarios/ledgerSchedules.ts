// Random schedules of everything that moves money, side by side: reserve, settle, lie, crash, report late, return, raise and lower limits. The sums must be exact after each.
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { retriedTransaction, retryConflicts } from "../../../lib/db/retryConflicts.ts";
import { writeFacts } from "../../../lib/db/UnitPart.ts";
import { setAccount, type AccountKey } from "../../../lib/ledger/BudgetStore.ts";
import { returnGrants, settlementWriter, type ChargeScope } from "../../../lib/ledger/LedgerStore.ts";
import type { Settlement } from "../../../lib/ledger/types.ts";
import { checkLedger } from "../checkDatabase.ts";
import { createFaultEngine, type FaultEngine } from "../createFaultEngine.ts";
import { seededRandom, type SeededRandom } from "../seededRandom.ts";

const EXECUTIONS = 6;
const LANES = 64;
const STEPS = [{ id: "s", type: "delay", duration: 0 }];

interface OpenCall {
  readonly attemptId: string;
  readonly scope: ChargeScope;
  readonly tokens: number;
  readonly usd: bigint;
}

/** @returns faults in words, with the seed that shows them */
export async function ledgerSchedules(
  db: Database,
  { seed, schedules, operations = 300 }: { readonly seed: number; readonly schedules: number; readonly operations?: number },
): Promise<string[]> {
  const fault = await createFaultEngine(db, { supervise: false });
  const faults: string[] = [];
  for (let schedule = 0; schedule < schedules && faults.length === 0; schedule += 1) {
    const run = await Schedule.create(db, fault, seededRandom(seed + schedule));
    faults.push(...(await run.play(operations)).map((text) => `seed ${seed + schedule}: ${text}`));
    for (const table of ["pgboss.job", "workflow_executions", "ledger_accounts"]) await db.query(`DELETE FROM ${table}`);
  }
  await fault.close();
  return faults;
}

class Schedule {
  readonly #db: Database;
  readonly #fault: FaultEngine;
  readonly #random: SeededRandom;
  readonly #scopes: ChargeScope[] = [];
  readonly #accounts: AccountKey[] = [];
  /** Limits that nobody has set yet. */
  readonly #later: AccountKey[] = [];
  readonly #epochs = new Map<string, number>();
  readonly #open: OpenCall[] = [];
  readonly #settled: Settlement[] = [];
  readonly #seen = { reserved: 0, refused: 0, fenced: 0 };
  readonly #faults: string[] = [];
  /** No provider reports more than was reserved and nobody lowers a limit: then no balance may ever pass its limit. */
  readonly #isHonest: boolean;
  #calls = 0;
  #highest = 22_000;

  private constructor(db: Database, fault: FaultEngine, random: SeededRandom) {
    this.#db = db;
    this.#fault = fault;
    this.#random = random;
    this.#isHonest = random.whole(2) === 0;
  }

  static async create(db: Database, fault: FaultEngine, random: SeededRandom): Promise<Schedule> {
    const made = new Schedule(db, fault, random);
    for (let index = 0; index < EXECUTIONS; index += 1) await fault.start(STEPS);
    for (const { id, agentId, epoch } of await fault.claim(EXECUTIONS)) {
      made.#epochs.set(id, epoch);
      made.#scopes.push({ workspaceId: DEFAULT_WORKSPACE_ID, executionId: id, agentId, tags: random.whole(2) === 0 ? [] : ["blue"] });
    }
    await made.#createAccounts();
    return made;
  }

  async #createAccounts(): Promise<void> {
    const key = (kind: AccountKey["kind"], subject: string, windowKind: AccountKey["windowKind"] = "total"): AccountKey => ({
      workspaceId: DEFAULT_WORKSPACE_ID,
      kind,
      subject,
      windowKind,
    });
    const wanted: AccountKey[] = [key("workspace", DEFAULT_WORKSPACE_ID)];
    if (this.#random.whole(2) === 0) wanted.push(key("workspace", DEFAULT_WORKSPACE_ID, "day"));
    if (this.#random.whole(2) === 0) wanted.push(key("agent", this.#scopes[0]?.agentId ?? ""));
    if (this.#random.whole(2) === 0) wanted.push(key("tag", "blue", "month"));
    for (const { executionId } of this.#scopes) if (this.#random.whole(2) === 0) wanted.push(key("execution", executionId));
    for (const account of wanted) {
      if (this.#random.whole(3) === 0) this.#later.push(account);
      else {
        this.#accounts.push(account);
        await this.#limit(account, 2_000 + this.#random.whole(20_000));
      }
    }
  }

  async #limit(key: AccountKey, tokens: number): Promise<void> {
    const limits = {
      limitTokens: BigInt(tokens),
      limitUsd: this.#random.whole(3) === 0 ? null : BigInt(tokens) * 1_000_000n,
      onLimit: "pause",
    } as const;
    await retriedTransaction(this.#db, (tx) =>
      setAccount(tx, key, limits, { lockExecutions: () => this.#fault.control.wakeForBudget(tx, DEFAULT_WORKSPACE_ID, {}, "ann") }),
    );
  }

  async play(operations: number): Promise<string[]> {
    let left = operations;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await this.#operate();
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await checkLedger(this.#db, this.#faults, { allEnded: false });
    await this.#settle(this.#open.splice(0), "assumed");
    await returnGrants(
      this.#db,
      this.#scopes.map(({ executionId }) => executionId),
    );
    const ended: string[] = [];
    await checkLedger(this.#db, ended);
    this.#faults.push(...(this.#isHonest ? ended : ended.filter((text) => !text.startsWith("the limit"))));
    if (this.#seen.reserved === 0) this.#faults.push(`the schedule tried nothing: ${JSON.stringify(this.#seen)}`);
    return this.#faults;
  }

  async #operate(): Promise<void> {
    const dice = this.#random.whole(20);
    if (dice < 9) return this.#reserve();
    if (dice < 14)
      return this.#settle(this.#take(1 + this.#random.whole(4)), this.#random.pick(["settled", "settled", "failed", "assumed"]));
    if (dice < 15) return this.#reportAgain();
    if (dice < 17) return retryConflicts(() => returnGrants(this.#db, [this.#random.pick(this.#scopes).executionId]));
    if (dice < 18) return this.#crash();
    const late = this.#later.pop();
    if (late !== undefined) {
      // What was spent before is counted: where nobody may lower a limit, one above all that can be spent, which stays as it is.
      if (this.#isHonest) return this.#limit(late, 10_000_000);
      this.#accounts.push(late);
      return this.#limit(late, this.#random.whole(40_000));
    }
    if (this.#accounts.length === 0) return;
    const account = this.#random.pick(this.#accounts);
    this.#highest += this.#random.whole(2_000);
    return this.#limit(account, this.#isHonest ? this.#highest : this.#random.whole(40_000));
  }

  async #reserve(): Promise<void> {
    const scope = this.#random.pick(this.#scopes);
    const tokens = 1 + this.#random.whole(1_500);
    const usd = BigInt(tokens) * 1_000_000n;
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
      tokens,
      usd,
      outputCapTokens: 10,
      idempotencyKey: null,
      viewHash: null,
    });
    this.#seen[outcome.kind] += 1;
    if (outcome.kind !== "reserved") return;
    this.#open.push({ attemptId: outcome.reservation.attemptId, scope, tokens, usd });
    if (this.#isHonest) await this.#checkLimits();
  }

  async #checkLimits(): Promise<void> {
    const { rows } = await this.#db.query(
      "SELECT a.kind, a.limit_tokens, b.granted_tokens FROM ledger_balances b JOIN ledger_accounts a ON a.id = b.account_id WHERE b.granted_tokens > a.limit_tokens OR b.granted_usd > a.limit_usd",
    );
    for (const row of rows) this.#faults.push(`a call started past a limit: ${JSON.stringify(row)}`);
  }

  #take(count: number): OpenCall[] {
    const taken: OpenCall[] = [];
    for (let index = 0; index < count && this.#open.length > 0; index += 1)
      taken.push(...this.#open.splice(this.#random.whole(this.#open.length), 1));
    return taken;
  }

  async #settle(calls: readonly OpenCall[], state: Settlement["state"]): Promise<void> {
    const rows = calls.map(({ attemptId, tokens, usd }): Settlement => {
      if (state === "failed") return { attemptId, state, usedTokens: 0, usedUsd: 0n };
      if (state === "assumed") return { attemptId, state, usedTokens: tokens, usedUsd: usd };
      const used = Math.round(tokens * this.#random.next() * (this.#isHonest ? 1 : 1.5));
      return { attemptId, state, usedTokens: used, usedUsd: BigInt(used) * 1_000_000n };
    });
    await this.#write(rows);
    this.#settled.push(...rows);
  }

  /** A settlement arrives twice, or after it was assumed: only the first, or the correction, may count. */
  async #reportAgain(): Promise<void> {
    const [row] = this.#settled.splice(this.#random.whole(Math.max(this.#settled.length, 1)), 1);
    if (row === undefined) return;
    const used = Math.round(row.usedTokens * this.#random.next());
    await this.#write([
      this.#random.whole(2) === 0 ? row : { ...row, state: "settled", usedTokens: used, usedUsd: BigInt(used) * 1_000_000n },
    ]);
  }

  async #write(rows: readonly Settlement[]): Promise<void> {
    // As the journal does.
    await retryConflicts(() => writeFacts(this.#db, settlementWriter, rows));
  }

  /** The owner dies; the next one books what was open at its worst case. */
  async #crash(): Promise<void> {
    const { executionId } = this.#random.pick(this.#scopes);
    const { rows } = await this.#db.query<{ epoch: number }>(
      "UPDATE workflow_executions SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch",
      [executionId],
    );
    const lost = this.#open.filter(({ scope }) => scope.executionId === executionId);
    for (const call of lost) this.#open.splice(this.#open.indexOf(call), 1);
    await this.#settle(lost, "assumed");
    this.#epochs.set(executionId, rows[0]?.epoch ?? 0);
  }
}
