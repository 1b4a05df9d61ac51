// The schema read as data: for error texts, for docs/reference/config.md, and for the snapshot that an execution keeps.
import { z } from "zod";
import type { JsonObject } from "../core/json.ts";
import { maskSecrets } from "../core/redaction.ts";
import { configSchema, type Config, type KeyAbout } from "./Config.ts";

export interface ConfigKey extends KeyAbout {
  readonly name: string;
  readonly kind: "text" | "number" | "boolean" | "list";
  /** In words, for example `a whole number from 1 to 200`. */
  readonly expected: string;
  /** As written in a file. */
  readonly defaultValue: string;
}

type SchemaNode = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly anyOf?: readonly SchemaNode[];
} & Partial<KeyAbout>;

let known: ReadonlyMap<string, ConfigKey> | undefined;

/** All keys in the schema's order. Built once, on first use: nothing happens at import. */
export function configKeys(): ReadonlyMap<string, ConfigKey> {
  known ??= readKeys();
  return known;
}

export function expectedText(name: string): string {
  return configKeys().get(name)?.expected ?? "a known key";
}

function readKeys(): ReadonlyMap<string, ConfigKey> {
  const { properties = {} } = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
  return new Map(
    Object.entries(properties as Record<string, SchemaNode>).map(([name, node]) => {
      const inner = node.anyOf?.find(({ type }) => type !== "null") ?? node;
      const kind = kindOf(inner);
      const about: KeyAbout = {
        description: node.description ?? "",
        ...(node.env === undefined ? {} : { env: node.env }),
        ...(node.unit === undefined ? {} : { unit: node.unit }),
        ...(node.expected === undefined ? {} : { expected: node.expected }),
        ...(node.isEnvOnly === undefined ? {} : { isEnvOnly: node.isEnvOnly }),
        ...(node.defaultText === undefined ? {} : { defaultText: node.defaultText }),
      };
      return [
        name,
        {
          ...about,
          name,
          kind,
          expected: node.expected ?? expectation(inner, kind, node.unit),
          defaultValue: JSON.stringify(node.default ?? null),
        },
      ] as const;
    }),
  );
}

function kindOf(node: SchemaNode): ConfigKey["kind"] {
  if (node.type === "integer" || node.type === "number") return "number";
  if (node.type === "boolean") return "boolean";
  return node.type === "array" ? "list" : "text";
}

function expectation(node: SchemaNode, kind: ConfigKey["kind"], unit: string | undefined): string {
  if (node.enum !== undefined) return `one of ${node.enum.join(", ")}`;
  if (kind === "number") return `a whole number${unit === undefined ? "" : ` of ${unit}`} from ${node.minimum} to ${node.maximum}`;
  if (kind === "boolean") return "true or false";
  return kind === "list" ? "a list" : "a text that is not empty";
}

/** What an execution's snapshot keeps of the configuration: no secret, nothing of this machine's paths. */
export function configForSnapshot(config: Config): JsonObject {
  const { defaultModel, live, maxConcurrentSteps, maxOutputBytes, providers } = config;
  return {
    defaultModel,
    live,
    maxConcurrentSteps,
    maxOutputBytes,
    providers: providers.map(({ name, kind, baseUrl, apiKeyFrom }) => maskSecrets({ name, kind, baseUrl, apiKeyFrom })),
  };
}
