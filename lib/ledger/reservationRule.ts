// The rule of README.md on figures at hand: does a worst case fit every limited account, and what changes if it does. No SQL, no lock: Ledger.ts has them.
import type { NanoUsd } from "../core/money.ts";
import type { Amount, Grant, GrantChange, LimitedAccount } from "./LedgerStore.ts";

export interface Available {
  /** null: no limit in tokens. */
  readonly tokens: bigint | null;
  readonly usd: NanoUsd | null;
}

export type Ruling =
  | { readonly kind: "fits"; readonly changes: readonly GrantChange[] }
  /** `available`: what the account could still give to others. */
  | { readonly kind: "too_little"; readonly account: LimitedAccount; readonly available: Available };

const ZERO: Amount = { tokens: 0n, usd: 0n };

/** Books on the execution's grants alone, without a look at the accounts; null when they do not suffice or may not be used. */
export function fitGrants(accounts: readonly LimitedAccount[], grants: readonly Grant[], need: Amount): readonly GrantChange[] | null {
  const changes: GrantChange[] = [];
  for (const account of accounts) {
    // A lowered limit must bind at once on the execution's own account, so that one always asks the account.
    if (account.kind === "execution") return null;
    const missing = missingOf(grantOf(grants, account), need);
    if (missing.tokens > 0n || missing.usd > 0n) return null;
    changes.push({ accountId: account.id, windowStart: account.windowStart, extra: ZERO, open: need });
  }
  return changes;
}

/**
 * Enlarges each grant by what is missing, out of what its account has left: all or none.
 *
 * @param balances what each account has granted, by its id
 * @param open what is booked as open: the need for a call, nothing for a start that only takes a grant
 */
export function fitAccounts(
  accounts: readonly LimitedAccount[],
  balances: ReadonlyMap<string, Amount>,
  grants: readonly Grant[],
  { need, open }: { readonly need: Amount; readonly open: Amount },
): Ruling {
  const changes: GrantChange[] = [];
  for (const account of accounts) {
    const extra = missingOf(grantOf(grants, account), need);
    const available = availableOf(account, balances.get(account.id) ?? ZERO);
    if ((available.tokens !== null && extra.tokens > available.tokens) || (available.usd !== null && extra.usd > available.usd))
      return { kind: "too_little", account, available };
    changes.push({ accountId: account.id, windowStart: account.windowStart, extra, open });
  }
  return { kind: "fits", changes };
}

export function grantOf(grants: readonly Grant[], account: LimitedAccount): Grant | undefined {
  return grants.find((grant) => grant.accountId === account.id && grant.windowStart.getTime() === account.windowStart.getTime());
}

/** By how much the grant must grow to hold `need` as well. */
function missingOf(grant: Grant | undefined, need: Amount): Amount {
  const tokens = (grant?.spentTokens ?? 0n) + (grant?.openTokens ?? 0n) + need.tokens - (grant?.grantedTokens ?? 0n);
  const usd = (grant?.spentUsd ?? 0n) + (grant?.openUsd ?? 0n) + need.usd - (grant?.grantedUsd ?? 0n);
  return { tokens: tokens > 0n ? tokens : 0n, usd: usd > 0n ? usd : 0n };
}

function availableOf(account: LimitedAccount, granted: Amount): Available {
  return {
    tokens: account.limitTokens === null ? null : account.limitTokens - granted.tokens,
    usd: account.limitUsd === null ? null : account.limitUsd - granted.usd,
  };
}
