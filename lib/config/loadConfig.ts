// Environment, operator's file and command line in; one complete frozen Config out, or one error that lists every problem. Opens no file.
import { homedir } from "node:os";
import { join, relative, resolve } from "node:path";
import type { z } from "zod";
import { closestName } from "../core/closestName.ts";
import { AppError } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import { configSchema, FOUND_KEY_VARIABLES, type Config, type FoundKeys, type ProviderConfig } from "./Config.ts";
import { configKeys, expectedText } from "./describeConfig.ts";
import { checkMcpServers, completeMcpServer, mcpServerSchema } from "./McpServerConfig.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /** From the command line; beats environment and file. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** What relative paths are relative to. @defaultValue the process's current folder */
  readonly cwd?: string;
}

/**
 * Precedence: overrides, environment, file, default. An empty variable counts as not set.
 *
 * @throws AppError `CONFIG_INVALID` with all problems in `details.problems`
 */
export function loadConfig(env: Environment, file: object = {}, { overrides = {}, cwd = process.cwd() }: LoadOptions = {}): Config {
  const problems: string[] = [];
  const fromFile = checkFile(file, problems);
  const input = { ...fromFile, ...readEnvironment(env), ...definedMembers(overrides) };
  if (input["database"] === undefined && input["databaseUrl"] !== undefined) input["database"] = "postgres";

  const parsed = configSchema.safeParse(input);
  const issues = parsed.error?.issues ?? [];
  const faulty = new Set(issues.map(({ path }) => String(path[0])));
  problems.push(...issues.flatMap((issue) => describeIssue(issue, input)));
  // Keys that parse are checked against each other even when others do not: all problems are told at once.
  const sound =
    parsed.data ??
    configSchema.parse(Object.fromEntries(Object.entries(input).filter(([name]) => configKeys().has(name) && !faulty.has(name))));
  const config = complete(sound, env, cwd);
  problems.push(...checkDatabase(sound, faulty), ...checkProviders(sound), ...checkMcpServers(sound.mcpServers), ...checkKeyFile(config));
  if (problems.length > 0) throw configError(problems);
  return deepFreeze(config);
}

function configError(problems: readonly string[]): AppError {
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new AppError("CONFIG_INVALID", `the configuration has ${count}: ${problems.join("; ")}`, { details: { problems } });
}

/** What the file may not hold is reported and taken out, so that each fault is told once. */
function checkFile(file: object, problems: string[]): Record<string, unknown> {
  if (Array.isArray(file)) problems.push("the file must hold an object, got an array");
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(file) as [string, unknown][]) {
    const about = configKeys().get(name);
    if (about === undefined) problems.push(unknownKey(name, configKeys().keys()));
    else if (about.isEnvOnly === true)
      problems.push(`${name} is a secret and may not stand in a file: set ${about.env ?? name} in the environment`);
    else kept[name] = value;
  }
  return kept;
}

function unknownKey(name: string, known: Iterable<string>, prefix = ""): string {
  const near = closestName(name, known);
  return `${prefix}${name} is not a known key${near === null ? "" : `, did you mean ${prefix}${near}?`}`;
}

function readEnvironment(env: Environment): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, about] of configKeys()) {
    const text = about.env === undefined ? undefined : env[about.env]?.trim();
    if (text !== undefined && text !== "") found[name] = fromText(text, about.kind);
  }
  return found;
}

const BOOLEAN_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  "1": true,
  yes: true,
  on: true,
  false: false,
  "0": false,
  no: false,
  off: false,
};

/** A text that does not read as the kind is passed on as it is: the schema then names what it got. */
function fromText(text: string, kind: string): unknown {
  if (kind === "number") return /^-?\d+$/.test(text) ? Number(text) : text;
  if (kind === "boolean") return BOOLEAN_WORDS[text.toLowerCase()] ?? text;
  if (kind === "list")
    return text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  return text;
}

function describeIssue(issue: z.core.$ZodIssue, input: Readonly<Record<string, unknown>>): string[] {
  const [top] = issue.path;
  const about = configKeys().get(String(top));
  const place = issue.path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
  if (issue.code === "unrecognized_keys") {
    const known =
      top === undefined
        ? configKeys().keys()
        : top === "mcpServers"
          ? Object.keys(mcpServerSchema.shape)
          : ["name", "kind", "baseUrl", "apiKeyFrom"];
    return issue.keys.map((name) => unknownKey(name, known, place === "" ? "" : `${place}.`));
  }
  const named = about?.env === undefined ? place : `${place} (${about.env})`;
  const isHidden = about?.isEnvOnly === true || (top === "mcpServers" && issue.path.includes("env"));
  const got = isHidden ? "another text" : shownValue(issue.path.reduce<unknown>(memberOf, input));
  const expected =
    issue.path.length === 1 ? expectedText(String(top)) : issue.message.replace(/^.*?expected /, "").replace(/, received .*$/, "");
  return [`${named}: expected ${expected}, got ${got}`];
}

function memberOf(holder: unknown, part: PropertyKey): unknown {
  return typeof holder === "object" && holder !== null ? (holder as Record<PropertyKey, unknown>)[part] : undefined;
}

function shownValue(value: unknown): string {
  if (value === undefined) return "nothing";
  // A mistyped address may hold a password.
  return (JSON.stringify(value) ?? typeof value).replace(/:\/\/[^@\s"]{1,500}@/g, "://…@").slice(0, 120);
}

type Settings = z.infer<typeof configSchema>;

function checkDatabase({ database, databaseUrl }: Settings, faulty: ReadonlySet<string>): string[] {
  if (faulty.has("database") || faulty.has("databaseUrl")) return [];
  if (database === "postgres") return databaseUrl === null ? ["database is postgres, but databaseUrl (DATABASE_URL) is not set"] : [];
  return databaseUrl === null ? [] : [`database is ${database}, but databaseUrl (DATABASE_URL) is set: take one of the two away`];
}

/** Not whether a key's variable is set: only calls of that provider need it, and they say what is missing. */
function checkProviders(settings: Settings): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const [index, provider] of settings.providers.entries()) {
    if (names.has(provider.name)) problems.push(`providers[${index}].name: "${provider.name}" is taken by an earlier provider`);
    names.add(provider.name);
    if (provider.kind === "openai-compatible" && provider.baseUrl === null)
      problems.push(`providers[${index}].baseUrl: expected a URL, since kind is openai-compatible, got null`);
  }
  return problems;
}

function checkKeyFile({ secretKey, secretKeyFile, dataFolder }: Config): string[] {
  if (secretKey !== null || !isInside(dataFolder, secretKeyFile)) return [];
  return [
    `secretKeyFile (NEURONFORGE_SECRET_KEY_FILE): expected a path outside the data folder ${dataFolder}, got ${secretKeyFile}: a copy of the folder would hold the key to its own secrets`,
  ];
}

function complete(settings: Settings, env: Environment, cwd: string): Config {
  const dataFolder = resolve(cwd, settings.dataFolder);
  const home = hasText(env["HOME"]) ? env["HOME"]! : homedir();
  const secretKeyFile = resolve(cwd, settings.secretKeyFile ?? join(home, ".config", "neuronforge", "secret.key"));
  return {
    ...settings,
    // The schema has checked that it is a UUID.
    workspaceId: settings.workspaceId as WorkspaceId,
    dataFolder,
    filesRoot: resolve(cwd, settings.filesRoot),
    outboxFolder: settings.outboxFolder === null ? join(dataFolder, "outbox") : resolve(cwd, settings.outboxFolder),
    secretKeyFile,
    handlers: settings.handlers.map((path) => resolve(cwd, path)),
    providers: settings.providers.map((provider): ProviderConfig => {
      const source = provider.apiKeyFrom;
      const value = source !== null && "env" in source ? env[source.env] : undefined;
      return { ...provider, apiKey: hasText(value) ? value! : null };
    }),
    mcpServers: settings.mcpServers.map((server) => completeMcpServer(server, env, cwd)),
    foundKeys: Object.fromEntries(
      Object.entries(FOUND_KEY_VARIABLES).map(([kind, name]) => [kind, hasText(env[name]) ? env[name] : null]),
    ) as FoundKeys,
  };
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !way.startsWith("..");
}

function hasText(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== "";
}

function definedMembers(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
