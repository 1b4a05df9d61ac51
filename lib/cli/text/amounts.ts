// Figures as people read them: money, tokens, lengths of time, points in time. Unknown shows as "unknown", never as zero.

const UNKNOWN = "unknown";

/** Enough digits to tell a small amount from nothing: $1.25, $0.0312, $0.000004. */
export function formatUsd(usd: number | null): string {
  if (usd === null) return UNKNOWN;
  const size = Math.abs(usd);
  if (size === 0) return "$0";
  const decimals = size >= 1 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(size)));
  const text = size.toFixed(decimals).replace(/(\.\d\d\d*?)0+$/, "$1");
  return `${usd < 0 ? "-" : ""}$${text}`;
}

export function formatCount(count: number | null): string {
  if (count === null) return UNKNOWN;
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, " ");
}

export function formatTokens(tokens: number | null): string {
  return tokens === null ? `${UNKNOWN} tokens` : `${formatCount(tokens)} ${tokens === 1 ? "token" : "tokens"}`;
}

export function formatMs(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  if (ms < 1) return "<1 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
  return `${Math.floor(ms / 86_400_000)} d ${Math.round((ms % 86_400_000) / 3_600_000)} h`;
}

const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < BYTE_UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Without the provider: `claude-haiku-4-5` of `anthropic/claude-haiku-4-5`. `--json` has both. */
export function shortModel(model: string | null): string {
  return model === null ? "" : model.slice(model.lastIndexOf("/") + 1);
}

/** `3 min ago`, `in 2 h`. @param at ISO 8601 */
export function formatWhen(at: string | null, nowMs: number): string {
  if (at === null) return "";
  const atMs = Date.parse(at);
  if (Number.isNaN(atMs)) return at;
  const distance = coarse(Math.abs(nowMs - atMs));
  if (distance === "now") return "now";
  return atMs > nowMs ? `in ${distance}` : `${distance} ago`;
}

function coarse(ms: number): string {
  if (ms < 1_500) return "now";
  if (ms < 90_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}
