// A server's listed tools as the actions of a plugin. Opens no connection until one is called.
import { sha256Hex } from "../../core/ids.ts";
import { AppError } from "../../core/errors.ts";
import { canonicalJson, type JsonObject, type JsonValue } from "../../core/json.ts";
import { compileSchema, defectsToJson, describeDefects } from "../compileSchema.ts";
import { DEFAULT_MAX_OUTPUT_BYTES, type DefinedAction, definePlugin } from "../definePlugin.ts";
import type { Action, CompiledSchema, Effect, Idempotency, Plugin } from "../types.ts";
import type { McpSession } from "./McpSession.ts";
import type { McpServerConfig } from "../../config/McpServerConfig.ts";
import type { McpTool } from "./McpTool.ts";
import { readResult } from "./mcpResult.ts";

/** What a tool may do, judged by its name, description and hints: the intent classifier's work, joined at the composition root. */
export type JudgeTool = (tool: McpTool) => Effect;

export interface McpPluginParts {
  readonly settings: McpServerConfig;
  readonly tools: readonly McpTool[];
  readonly session: McpSession;
  readonly judge: JudgeTool;
}

/** Of an action's name. */
const MAX_NAME_CHARACTERS = 64;
const MAX_SCHEMA_CHARACTERS = 200_000;
const MAX_DESCRIPTION_CHARACTERS = 2_000;
const DANGER: readonly Effect[] = ["none", "read", "write", "destructive"];
const NEVER_REPEATED: Idempotency = { by: "none", windowHours: 0 };
const READ: Idempotency = { by: "natural", windowHours: 24 };
/** Of a tool that says why it cannot be used when it is called. */
const UNCHECKED: CompiledSchema = { json: { type: "object" }, check: (value) => ({ ok: true, value }) };

export function mcpPluginName(server: string): string {
  return `mcp-${server}`;
}

/** Null when no tool is left to call. */
export function createMcpPlugin(parts: McpPluginParts): Plugin | null {
  const { settings, tools } = parts;
  const actions: Record<string, DefinedAction> = {};
  // Of all that are listed, so that a tool's name does not hang on which of them may be called.
  for (const [name, tool] of nameActions(tools))
    if (settings.tools === null || settings.tools.includes(tool.name)) actions[name] = { compile: (owner) => toAction(tool, owner, parts) };
  if (Object.keys(actions).length === 0) return null;
  const where = settings.target.kind === "process" ? settings.target.command : new URL(settings.target.url).origin;
  return definePlugin({
    name: mcpPluginName(settings.name),
    version: "mcp",
    mustBeNamed: true,
    description: `Tools of the MCP server at ${where}`,
    actions,
  });
}

/** What the operator says of tools that the server does not list: a misspelt word protects nothing. */
export function unlistedTools({ settings, tools }: Pick<McpPluginParts, "settings" | "tools">): string[] {
  const listed = new Set(tools.map(({ name }) => name));
  return [...new Set([...(settings.tools ?? []), ...Object.keys(settings.effects)])].filter((name) => !listed.has(name));
}

/**
 * Tool names may hold what action names may not. A name that is valid stays, whatever others become; of others that become
 * one, each is told apart by its own name, never by the order in which the server lists them.
 */
function nameActions(tools: readonly McpTool[]): Map<string, McpTool> {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const wanted = new Map<string, McpTool[]>();
  for (const tool of byName.values()) wanted.set(plainName(tool.name), [...(wanted.get(plainName(tool.name)) ?? []), tool]);
  const named = new Map<string, McpTool>();
  for (const tool of byName.values()) if (plainName(tool.name) === tool.name) named.set(tool.name, tool);
  for (const [plain, those] of wanted) {
    for (const tool of those) {
      if (plain === tool.name) continue;
      const name = those.length === 1 ? plain : `${plain.slice(0, MAX_NAME_CHARACTERS - 7)}_${sha256Hex(tool.name).slice(0, 6)}`;
      // Only a server that means to deceive calls another tool as the hash says: then this one cannot be called.
      if (!named.has(name)) named.set(name, tool);
    }
  }
  return named;
}

function plainName(tool: string): string {
  const plain = tool.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
  return (/^[a-zA-Z]/.test(plain) ? plain : `t_${plain}`).slice(0, MAX_NAME_CHARACTERS);
}

/** The operator's word, else what the judge says; a tool of another process at least reads. */
function effectOf(tool: McpTool, { settings, judge }: Pick<McpPluginParts, "settings" | "judge">): Effect {
  const stated = Object.hasOwn(settings.effects, tool.name) ? settings.effects[tool.name] : undefined;
  if (stated !== undefined) return stated;
  const judged = judge(tool);
  return judged === "none" ? "read" : judged;
}

function toAction(tool: McpTool, owner: string, parts: McpPluginParts): Action {
  const { settings, session } = parts;
  const effect = effectOf(tool, parts);
  // Compiling takes some ten milliseconds, and a server may list hundreds of tools of which one is called.
  const paramsOf = once(() => compileForeign(tool.inputSchema, `tool ${tool.name} of MCP server ${settings.name}`));
  const outputOf = once(() =>
    tool.outputSchema === undefined ? undefined : compileForeign(tool.outputSchema, `the output of tool ${tool.name}`),
  );
  const isReading = effect === "none" || effect === "read";
  return {
    get description() {
      return describe(tool, paramsOf());
    },
    effect,
    // Its own claim that a repetition is harmless is a claim only.
    idempotency: isReading ? READ : NEVER_REPEATED,
    get params() {
      const params = paramsOf();
      return params instanceof AppError ? UNCHECKED : params;
    },
    output: undefined,
    timeoutMs: settings.timeoutMs,
    rateLimit: undefined,
    maxOutputBytes: DEFAULT_MAX_OUTPUT_BYTES,
    connection: undefined,
    canVerify: false,
    timeoutMsFor: () => settings.timeoutMs,
    idempotencyFor: () => (isReading ? READ : NEVER_REPEATED),
    costUsd: () => null,
    verify: async () => ({ happened: "unknown" }),
    run: async (given, { signal }) => {
      const params = paramsOf();
      if (params instanceof AppError) throw params;
      const request = { tool: tool.name, params: given as Record<string, unknown>, signal };
      const result = await session.call(request, (listed) => checkUnchanged(tool, effect, listed, parts));
      const data = readResult(result, owner, (text) => session.hide(text)) as JsonObject;
      checkOutput(data["structured"] ?? null, outputOf(), owner);
      return data;
    },
  };
}

function describe(tool: McpTool, params: CompiledSchema | AppError): string {
  const text = tool.description.slice(0, MAX_DESCRIPTION_CHARACTERS);
  return params instanceof AppError ? `(cannot be called: ${params.message}) ${text}` : text === "" ? tool.name : text;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** A schema that cannot be used concerns its own tool only, and whoever calls that. */
function compileForeign(schema: McpTool["inputSchema"], owner: string): CompiledSchema | AppError {
  try {
    const text = JSON.stringify(schema);
    if (text.length > MAX_SCHEMA_CHARACTERS) throw new AppError("PLUGIN_INVALID", `the schema of ${owner} has ${text.length} characters`);
    return compileSchema(JSON.parse(text) as JsonObject, owner, { isUntrusted: true });
  } catch (error) {
    if (!AppError.is(error)) throw error;
    return new AppError("PLUGIN_INVALID", error.message, { details: { ...error.details, accepted: "no" } });
  }
}

function checkOutput(structured: JsonValue, output: CompiledSchema | AppError | undefined, owner: string): void {
  if (output === undefined) return;
  if (output instanceof AppError) throw new AppError("OUTPUT_INVALID", output.message);
  const result = output.check(structured);
  if (result.ok) return;
  throw new AppError("OUTPUT_INVALID", `${owner}: the structured output does not fit its schema: ${describeDefects(result.defects)}`, {
    details: { defects: defectsToJson(result.defects) },
  });
}

/**
 * What was validated, planned and approved was the tool as it was listed then. Another description alone changes nothing:
 * the first stays the one that people and models see.
 *
 * @throws AppError `PLUGIN_INVALID`, `PLUGIN_ACTION_UNKNOWN`, with `accepted` `no`
 */
function checkUnchanged(tool: McpTool, effect: Effect, listed: readonly McpTool[], parts: McpPluginParts): void {
  const server = parts.settings.name;
  const now = listed.find(({ name }) => name === tool.name);
  if (now === undefined) {
    throw new AppError("PLUGIN_ACTION_UNKNOWN", `MCP server ${server} does not list tool ${tool.name} any more`, {
      details: { field: "action", accepted: "no" },
      hint: "run `neuronforge plugins ls --refresh`",
    });
  }
  const isOtherSchema = hashOf(now.inputSchema) !== hashOf(tool.inputSchema);
  const isMoreDangerous = DANGER.indexOf(effectOf(now, parts)) > DANGER.indexOf(effect);
  if (!isOtherSchema && !isMoreDangerous) return;
  const what = isOtherSchema ? "other parameters" : "a more dangerous effect";
  throw new AppError("PLUGIN_INVALID", `tool ${tool.name} of MCP server ${server} has ${what} than when it was listed; it was not called`, {
    details: { field: tool.name, accepted: "no" },
    hint: "look at it with `neuronforge plugins ls NAME --refresh`, then start again",
  });
}

function hashOf(schema: McpTool["inputSchema"]): string {
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify(schema)) as JsonObject));
}
