// Who imports whom in lib/, type imports included, and what of it is against the layers.
import { posix } from "node:path";
import { nodesOf, type Node, type SourceFile } from "./sourceTree.ts";

/** A folder may import folders of lower ranks only, and itself. */
export const RANKS: Readonly<Record<string, number>> = {
  core: 0,
  config: 1,
  db: 1,
  operations: 1,
  // Shapes over core only: whoever makes such a report may name it.
  systemApi: 1,
  workflow: 2,
  audit: 2,
  flags: 2,
  tokens: 2,
  journal: 2,
  ledger: 2,
  telemetry: 2,
  models: 3,
  ais: 3,
  metrics: 3,
  access: 3,
  agents: 3,
  plugins: 4,
  memory: 4,
  delivery: 4,
  orchestration: 5,
  agentkit: 6,
  pilot: 7,
  system: 8,
  testing: 8,
  "ai-sdk": 8,
  evals: 8,
  triggers: 8,
  server: 9,
  mcpServer: 9,
  cli: 9,
  // lib/index.ts only re-exports.
  index: 9,
};

/** Files at the root of lib/ and the folder they count as. */
const ROOT_FILES: Readonly<Record<string, string>> = {
  "system.ts": "system",
  "systemApi.ts": "systemApi",
  "receiptApi.ts": "systemApi",
  "sessionApi.ts": "systemApi",
  "index.ts": "index",
};

/** The two commands that start a server may import it. */
const EXCEPTIONS: readonly (readonly [importer: string, folder: string])[] = [
  ["lib/cli/commands/serve.ts", "server"],
  ["lib/cli/commands/mcp.ts", "mcpServer"],
];

export interface ImportGraph {
  readonly files: ReadonlySet<string>;
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

const IMPORTING = new Set(["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration", "ImportExpression", "TSImportType"]);

export function buildGraph(sources: readonly SourceFile[]): ImportGraph {
  const edges = sources.flatMap(({ path, program }) =>
    [...nodesOf(program)].flatMap((node) => {
      const target = IMPORTING.has(node.type) ? (node["source"] as Node | null)?.["value"] : undefined;
      if (typeof target !== "string" || !target.startsWith(".")) return [];
      return [{ from: path, to: posix.join(posix.dirname(path), target) }];
    }),
  );
  return { files: new Set(sources.map(({ path }) => path)), edges };
}

export function folderOf(path: string): string {
  const [, first = "", second] = path.split("/");
  return second === undefined ? (ROOT_FILES[first] ?? first) : first;
}

/** One line per fault; empty is good. */
export function findLayerFaults({ files, edges }: ImportGraph): readonly string[] {
  const unranked = [...new Set([...files].map(folderOf))].filter((folder) => RANKS[folder] === undefined);
  return [
    ...unranked.map((folder) => `lib/${folder} has no rank: give it one in tests/architecture/importGraph.ts`),
    ...edges.flatMap(({ from, to }) => {
      if (!to.startsWith("lib/")) return to.endsWith("package.json") ? [] : [`${from} imports ${to}, outside lib/`];
      if (!files.has(to) && to.endsWith(".ts")) return [`${from} imports ${to}, which does not exist`];
      const [importer, imported] = [folderOf(from), folderOf(to)];
      const isDown = importer === imported || (RANKS[imported] ?? 99) < (RANKS[importer] ?? -1);
      const isExcepted = EXCEPTIONS.some(([file, folder]) => file === from && folder === imported);
      return isDown || isExcepted ? [] : [`${from} (rank ${RANKS[importer]}) imports ${to} (rank ${RANKS[imported]})`];
    }),
  ];
}

/** Each knot once, as the files on its way; a file that imports itself counts. */
export function findCycles({ files, edges }: ImportGraph): readonly string[] {
  const targets = new Map<string, string[]>([...files].map((file) => [file, []]));
  for (const { from, to } of edges) targets.get(from)?.push(to);
  const state = new Map<string, "open" | "done">();
  const way: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      cycles.push([...way.slice(way.indexOf(file)), file].join(" → "));
      return;
    }
    state.set(file, "open");
    way.push(file);
    for (const target of targets.get(file) ?? []) visit(target);
    way.pop();
    state.set(file, "done");
  };
  for (const file of files) visit(file);
  return cycles;
}
