// The rule alone, against books of its own: a list of calls, not of grants. Every start is checked against every limit.
import { describe, expect, test } from "vitest";
import type { Grant, GrantChange, LimitedAccount } from "../../../lib/ledger/LedgerStore.ts";
import { fitAccounts, fitGrants } from "../../../lib/ledger/reservationRule.ts";
import { commit } from "../../../lib/orchestration/budgets/commitment.ts";
import { windowUpper } from "../../../lib/orchestration/budgets/contextGuard.ts";
import { seededRandom, type SeededRandom } from "../../faults/seededRandom.ts";

const WINDOW = new Date(0);
const NANO_PER_TOKEN = 1_000n;

interface Call {
  readonly execution: number;
  readonly reserved: bigint;
  /** null: under way. */
  used: bigint | null;
}

/** Two executions under a workspace and an agent, each perhaps with a limit of its own. */
class Model {
  readonly #random: SeededRandom;
  readonly #accounts: (readonly LimitedAccount[])[];
  readonly #limits = new Map<string, bigint>();
  #grants: Grant[][] = [[], []];
  readonly #calls: Call[] = [];
  readonly seen = { started: 0, refused: 0, past: 0 };

  constructor(random: SeededRandom) {
    this.#random = random;
    const shared = ["workspace", "agent"] as const;
    const common = shared.filter(() => random.whole(4) > 0).map((kind) => this.#account(kind, kind));
    this.#accounts = [0, 1].map((index) => [
      ...common,
      ...(random.whole(2) === 0 ? [this.#account("execution", `execution${index}`)] : []),
    ]);
  }

  #account(kind: LimitedAccount["kind"], id: string): LimitedAccount {
    this.#limits.set(id, BigInt(500 + this.#random.whole(9_500)));
    return { id, kind, subject: id, windowKind: "total", windowStart: WINDOW, limitTokens: 0n, limitUsd: null, onLimit: "pause" };
  }

  operate(): void {
    const dice = this.#random.whole(10);
    const execution = this.#random.whole(2);
    if (dice < 5) this.#reserve(execution);
    else if (dice < 8) this.#settle(this.#random.pick(this.#calls.filter(({ used }) => used === null)));
    else if (dice < 9) this.#crash(execution);
    else this.#returnGrants(execution);
  }

  /** As the ledger does it: the grants first, the accounts only when they do not suffice. */
  #reserve(execution: number): void {
    const { hardCap } = this.#request();
    const need = { tokens: BigInt(hardCap), usd: BigInt(hardCap) * NANO_PER_TOKEN };
    const accounts = (this.#accounts[execution] ?? []).map((account) => {
      const limit = this.#limits.get(account.id) ?? 0n;
      return { ...account, limitTokens: limit, limitUsd: limit * NANO_PER_TOKEN };
    });
    const grants = this.#grants[execution] ?? [];
    const ruling = fitAccounts(accounts, this.#balances(), grants, { need, open: need });
    const changes = fitGrants(accounts, grants, need) ?? (ruling.kind === "fits" ? ruling.changes : null);
    if (changes === null) {
      this.seen.refused += 1;
      return;
    }
    for (const account of accounts) {
      const before = this.#calls.filter((call) => this.#accounts[call.execution]?.some(({ id }) => id === account.id));
      const sum = before.reduce((total, call) => total + (call.used ?? call.reserved), need.tokens);
      if (sum > account.limitTokens) this.seen.past += 1;
    }
    this.seen.started += 1;
    this.#book(execution, changes);
    this.#calls.push({ execution, reserved: need.tokens, used: null });
  }

  /** A request whose count is off by up to 15 % either way. */
  #request(): { readonly hardCap: number } {
    const truth = 20 + this.#random.whole(800);
    const counted = Math.ceil(truth * (0.85 + 0.3 * this.#random.next()));
    const inputUpperTokens = windowUpper({ tokens: counted, upperTokens: counted }, false);
    const maxOutputTokens = 16 + this.#random.whole(200);
    return commit({ inputTokens: counted, inputUpperTokens, history: [], intent: "extract", maxOutputTokens, hasThinking: false });
  }

  #balances(): ReadonlyMap<string, { readonly tokens: bigint; readonly usd: bigint }> {
    const sums = new Map<string, { tokens: bigint; usd: bigint }>();
    for (const { accountId, grantedTokens, grantedUsd } of this.#grants.flat()) {
      const sum = sums.get(accountId) ?? { tokens: 0n, usd: 0n };
      sums.set(accountId, { tokens: sum.tokens + grantedTokens, usd: sum.usd + grantedUsd });
    }
    return sums;
  }

  #book(execution: number, changes: readonly GrantChange[]): void {
    for (const { accountId, extra, open } of changes) {
      this.#change(execution, accountId, (grant) => ({
        ...grant,
        grantedTokens: grant.grantedTokens + extra.tokens,
        grantedUsd: grant.grantedUsd + extra.usd,
        openTokens: grant.openTokens + open.tokens,
        openUsd: grant.openUsd + open.usd,
      }));
    }
  }

  #change(execution: number, accountId: string, change: (grant: Grant) => Grant): void {
    const grants = this.#grants[execution] ?? [];
    const empty = { grantedTokens: 0n, grantedUsd: 0n, openTokens: 0n, openUsd: 0n, spentTokens: 0n, spentUsd: 0n };
    const found = grants.find((grant) => grant.accountId === accountId) ?? { accountId, windowStart: WINDOW, ...empty };
    this.#grants[execution] = [...grants.filter((grant) => grant.accountId !== accountId), change(found)];
  }

  #settle(call: Call | undefined, share = this.#random.next()): void {
    if (call === undefined) return;
    call.used = share >= 1 ? call.reserved : BigInt(Math.floor(Number(call.reserved) * share));
    const { used, reserved } = call;
    for (const { id } of this.#accounts[call.execution] ?? []) {
      this.#change(call.execution, id, (grant) => ({
        ...grant,
        openTokens: grant.openTokens - reserved,
        openUsd: grant.openUsd - reserved * NANO_PER_TOKEN,
        spentTokens: grant.spentTokens + used,
        spentUsd: grant.spentUsd + used * NANO_PER_TOKEN,
      }));
    }
  }

  /** The owner dies: what was under way is booked at its worst. */
  #crash(execution: number): void {
    for (const call of this.#calls) if (call.execution === execution && call.used === null) this.#settle(call, 1);
  }

  #returnGrants(execution: number): void {
    this.#grants[execution] = (this.#grants[execution] ?? []).map((grant) => ({
      ...grant,
      grantedTokens: grant.spentTokens + grant.openTokens,
      grantedUsd: grant.spentUsd + grant.openUsd,
    }));
  }
}

describe("the reservation rule", () => {
  test("starts nothing past a limit in 100 000 random schedules", () => {
    const sum = { started: 0, refused: 0, past: 0 };
    for (let seed = 0; seed < 100_000; seed += 1) {
      const model = new Model(seededRandom(seed));
      for (let operation = 0; operation < 14; operation += 1) model.operate();
      sum.started += model.seen.started;
      sum.refused += model.seen.refused;
      sum.past += model.seen.past;
    }

    expect(sum.past).toBe(0);
    expect(sum.started).toBeGreaterThan(100_000);
    expect(sum.refused).toBeGreaterThan(10_000);
  });
});
