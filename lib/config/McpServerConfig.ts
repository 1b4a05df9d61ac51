// What the operator says of MCP servers, as written and as completed. The only place from which a command or an address of one may come.
import { resolve } from "node:path";
import { z } from "zod";
import { isSecretKey, looksLikeSecret } from "../core/redaction.ts";

const NAME = /^[a-z][a-z0-9-]{0,40}$/;
const CONNECTION = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const variable = z.string().regex(VARIABLE, "expected the name of an environment variable");
const connection = z.string().regex(CONNECTION, "expected the name of a stored connection");
const effect = z.enum(["none", "read", "write", "destructive"]);

export const mcpServerSchema = z.strictObject({
  name: z.string().regex(NAME, "expected a name of at most 41 lower-case letters, digits and dashes"),
  command: z.string().min(1).max(4_096).optional().describe("program to start; no shell reads it"),
  args: z.array(z.string().max(10_000)).max(100).default([]),
  folder: z.string().min(1).optional().describe("where the program starts; default: the current folder"),
  env: z
    .record(variable, z.union([z.string().max(10_000), z.strictObject({ connection }), z.strictObject({ env: variable })]))
    .default({})
    .describe("variables of the program: a text, a stored connection, or a variable of our own environment"),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("address of a server over streamable HTTP, instead of a command"),
  connection: connection.optional().describe("stored connection that is sent as bearer token to `url`"),
  tools: z.array(z.string().min(1).max(200)).max(500).nullable().default(null).describe("tools that may be called; null: all"),
  effects: z.record(z.string(), effect).default({}).describe("your own word on what a tool may do; beats all that the server says"),
  timeoutMs: z.int().min(1_000).max(3_600_000).default(60_000),
});

export type McpServerEntry = z.output<typeof mcpServerSchema>;

export interface McpServerConfig {
  /** Its plugin is called `mcp-<name>`. */
  readonly name: string;
  readonly target: McpProcess | McpAddress;
  /** For one call, starting the server included. */
  readonly timeoutMs: number;
  /** Tools that may be called; null: all that it lists. */
  readonly tools: readonly string[] | null;
  /** The operator's own word on what a tool may do; nothing the server says overrules it. */
  readonly effects: Readonly<Record<string, z.output<typeof effect>>>;
}

export interface McpProcess {
  readonly kind: "process";
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly folder: string;
  /** All that it finds in its environment, but for the secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variable to name of a stored connection. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Names in `environment` whose values come from variables of ours, and may be secrets. */
  readonly hidden: readonly string[];
  /** Variables of ours that it should get and that are not set; while there is one, it is not started. */
  readonly missing: readonly string[];
}

export interface McpAddress {
  readonly kind: "address";
  readonly url: string;
  /** Name of a stored connection, sent as bearer token; null: none. */
  readonly connection: string | null;
}

/** What programs need to find others and to speak the user's language. Everything else of ours, keys above all, stays here. */
const PASSED_ON = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

type Variables = Readonly<Record<string, string | undefined>>;

/** A text per fault that no single key shows. */
export function checkMcpServers(entries: readonly McpServerEntry[]): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const place = `mcpServers[${index}]`;
    if (names.has(entry.name)) problems.push(`${place}.name: "${entry.name}" is taken by an earlier server`);
    names.add(entry.name);
    if ((entry.command === undefined) === (entry.url === undefined)) problems.push(`${place}: expected either command or url`);
    if (entry.url === undefined && entry.connection !== undefined)
      problems.push(`${place}.connection: only a server with a url takes one; use env`);
    if (entry.url !== undefined && hasOpenSecret(entry.url))
      problems.push(`${place}.url holds a user, a password or a key and stands in logs: store it as a connection`);
    for (const name of openSecrets(entry))
      problems.push(`${place}.${name} is a secret and may not stand in a file: name a connection or a variable in env`);
  }
  return problems;
}

/** A file is copied, shared and committed, and arguments stand in every list of processes. */
function openSecrets({ args, env }: McpServerEntry): string[] {
  const variables = Object.entries(env).filter(
    ([name, source]) => typeof source === "string" && (isSecretKey(name) || looksLikeSecret(source)),
  );
  return [...variables.map(([name]) => `env.${name}`), ...args.flatMap((arg, index) => (looksLikeSecret(arg) ? [`args[${index}]`] : []))];
}

function hasOpenSecret(url: string): boolean {
  const { username, password, searchParams } = new URL(url);
  if (username !== "" || password !== "" || looksLikeSecret(url)) return true;
  // By its name alone too: a short key is one all the same.
  return [...searchParams.keys()].some((name) => isSecretKey(name) || looksLikeSecret(`?${name}=12345678`));
}

export function completeMcpServer(entry: McpServerEntry, env: Variables, cwd: string): McpServerConfig {
  const { name, command, args, folder, url, timeoutMs, tools, effects } = entry;
  const told = { name, timeoutMs, tools, effects };
  if (url !== undefined) return { ...told, target: { kind: "address", url, connection: entry.connection ?? null } };
  const environment: Record<string, string> = {};
  for (const variableName of PASSED_ON) {
    const value = env[variableName];
    if (value !== undefined && value !== "") environment[variableName] = value;
  }
  const secrets: Record<string, string> = {};
  const hidden: string[] = [];
  const missing: string[] = [];
  for (const [variableName, source] of Object.entries(entry.env)) {
    if (typeof source === "string") environment[variableName] = source;
    else if ("connection" in source) secrets[variableName] = source.connection;
    else if ((env[source.env] ?? "") === "") missing.push(source.env);
    else {
      environment[variableName] = env[source.env] ?? "";
      hidden.push(variableName);
    }
  }
  return {
    ...told,
    target: { kind: "process", command: command ?? "", args, folder: resolve(cwd, folder ?? "."), environment, secrets, hidden, missing },
  };
}
