// How long a provider's answer asks its account to wait, from its headers. Reads headers, keeps nothing.

/** Names in lower case, as fetch gives them. */
export type ResponseHeaders = Readonly<Record<string, string | undefined>>;

export interface StatedWait {
  readonly waitMs: number;
  /** The header that says so. */
  readonly header: string;
}

/** Nothing honest asks for more; a clock that is wrong may seem to. */
const LONGEST_WAIT_MS = 3_600_000;
/** What is left of a window, and when it begins anew: the names that providers use, `*` standing for requests, tokens, … */
const WINDOWS: readonly (readonly [remaining: RegExp, reset: (kind: string) => string])[] = [
  [/^x-ratelimit-remaining-([a-z-]{1,40})$/, (kind) => `x-ratelimit-reset-${kind}`],
  [/^anthropic-ratelimit-([a-z-]{1,40})-remaining$/, (kind) => `anthropic-ratelimit-${kind}-reset`],
  [/^x-ratelimit-remaining()$/, () => "x-ratelimit-reset"],
];

/**
 * `retry-after-ms` and `retry-after` (seconds or a date) stand above windows that are used up; of several windows the
 * longest wait counts. Works on answers that succeeded, too: the next call would not.
 *
 * @returns null: no header asks for a wait
 */
export function statedWait(headers: ResponseHeaders, nowMs: number): StatedWait | null {
  const exact = toNumber(headers["retry-after-ms"]);
  if (exact !== null) return { waitMs: bounded(exact), header: "retry-after-ms" };
  const after = readMoment(headers["retry-after"], nowMs);
  if (after !== null) return { waitMs: bounded(after), header: "retry-after" };
  let longest: StatedWait | null = null;
  for (const [name, value] of Object.entries(headers)) {
    const header = toNumber(value) === 0 ? resetHeaderOf(name) : null;
    const waitMs = header === null ? null : readMoment(headers[header], nowMs);
    if (header !== null && waitMs !== null && (longest === null || waitMs > longest.waitMs)) longest = { waitMs: bounded(waitMs), header };
  }
  return longest;
}

function resetHeaderOf(name: string): string | null {
  for (const [remaining, reset] of WINDOWS) {
    const kind = remaining.exec(name)?.[1];
    if (kind !== undefined) return reset(kind);
  }
  return null;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** Seconds since 1970 are far larger than any wait in seconds. */
const EPOCH_SECONDS = 1_000_000_000;

/** Milliseconds from now: `12`, `0.5`, `6m0s`, `120ms`, seconds since 1970, or a date. null: absent or unreadable. */
function readMoment(text: string | undefined, nowMs: number): number | null {
  if (text === undefined || text.length > 100) return null;
  const seconds = toNumber(text);
  if (seconds !== null) return seconds >= EPOCH_SECONDS ? Math.max(seconds * 1_000 - nowMs, 0) : Math.ceil(seconds * 1_000);
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text)
    return Math.ceil(parts.reduce((sum, [, amount, unit = "s"]) => sum + Number(amount) * (UNIT_MS[unit] ?? 0), 0));
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(date - nowMs, 0);
}

function toNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : null;
}

function bounded(waitMs: number): number {
  return Math.min(waitMs, LONGEST_WAIT_MS);
}
