// Finds the one execution or approval that a prefix means. Never guesses: two matches are an error that lists both.
import { AppError } from "../../core/errors.ts";
import { isUuid } from "../../core/ids.ts";
import type { SystemApi } from "../../systemApi.ts";

const PAGE = 200;
/** How far back a prefix is looked for; older executions are named by their whole id. */
const MAX_PAGES = 50;
const MIN_PREFIX = 4;

export async function resolveExecutionId(api: SystemApi, text: string): Promise<string> {
  const prefix = text.toLowerCase();
  if (isUuid(prefix)) return prefix;
  requirePrefix(prefix, "execution");
  const found: string[] = [];
  let before: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const executions = await api.listExecutions({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    found.push(...executions.map(({ executionId }) => executionId).filter((id) => id.startsWith(prefix)));
    const last = executions.at(-1);
    if (last === undefined || executions.length < PAGE || last.executionId === before) break;
    before = last.executionId;
  }
  return requireOne(found, prefix, "execution");
}

export async function resolveApprovalId(api: SystemApi, text: string): Promise<string> {
  const prefix = text.toLowerCase();
  if (isUuid(prefix)) return prefix;
  requirePrefix(prefix, "approval");
  const approvals = await api.listApprovals({ all: true });
  return requireOne(
    approvals.map(({ id }) => id).filter((id) => id.startsWith(prefix)),
    prefix,
    "approval",
  );
}

function requirePrefix(prefix: string, what: string): void {
  if (/^[0-9a-f-]+$/.test(prefix) && prefix.length >= MIN_PREFIX) return;
  throw new AppError("USAGE", `${JSON.stringify(prefix)} is not the id of an ${what}`, {
    details: { expected: `an id, or its first ${MIN_PREFIX} or more characters` },
  });
}

function requireOne(found: readonly string[], prefix: string, what: string): string {
  const [only, ...others] = new Set(found);
  if (only === undefined)
    throw new AppError("NOT_FOUND", `there is no ${what} whose id begins with ${prefix}`, { hint: `list them with \`${what}s ls\`` });
  if (others.length > 0)
    throw new AppError("USAGE", `${others.length + 1} ${what}s have an id that begins with ${prefix}`, {
      details: { matches: [only, ...others].slice(0, 10) },
      hint: "give more characters",
    });
  return only;
}

/** UUIDs of version 7 begin with their time, so this much tells any two apart that were not made in the same millisecond. */
export function shortId(id: string): string {
  return isUuid(id) ? id.slice(0, 13) : id;
}
