// Where the world may be touched: SQL, environment, clock, chance, network. Each rule names its places; everything else is a fault.
import { dottedName, lineOf, nodesOf, textsOf, type Node, type SourceFile } from "./sourceTree.ts";

interface Rule {
  readonly name: string;
  readonly allowed: RegExp;
  find(source: SourceFile): readonly number[];
}

/** Statement beginnings in capitals, as our SQL is written; words in prose are not. */
const SQL =
  /(^|[\s(`"])(SELECT\s[\s\S]{0,400}?\sFROM\s|SELECT\s+(1|pg_|DISTINCT)|INSERT\s+INTO\s|UPDATE\s+\w+\s+(AS\s+\w+\s+)?SET\s|DELETE\s+FROM\s|CREATE\s+(TABLE|INDEX|SCHEMA)\s|ALTER\s+TABLE\s|WITH\s+\w+\s+AS\s*\()/;

const WORLD = /^lib\/(core\/(clock|ids|guardedFetch)\.ts$|models\/|plugins\/)/;
const WORLD_CALLS = new Set(["setTimeout", "setInterval", "fetch"]);

export const RULES: readonly Rule[] = [
  {
    name: "SQL outside db/ and *Store.ts",
    // composeBatch.ts strings the stores' fragments together into one statement.
    allowed: /^lib\/db\/|Store\.ts$|^lib\/testing\/|^lib\/journal\/composeBatch\.ts$/,
    find: ({ program }) => [...textsOf(program)].filter(({ text }) => SQL.test(text)).map(({ start }) => start),
  },
  {
    name: "PGlite by another door than the one pool",
    allowed: /^$/,
    find: ({ program }) =>
      places(
        program,
        (node) =>
          (node.type === "Identifier" && node["name"] === "fromPglite") ||
          /(^|\.)#?pglite\.(query|exec|sql|transaction)$/i.test(callee(node)),
      ),
  },
  {
    name: "process.env outside main.ts",
    allowed: /^lib\/(cli|server)\/main\.ts$/,
    find: ({ program }) => places(program, (node) => node.type === "MemberExpression" && dottedName(node) === "process.env"),
  },
  {
    name: "time or chance outside core/clock.ts, core/ids.ts",
    allowed: WORLD,
    find: ({ program }) =>
      places(
        program,
        (node) =>
          ["Date.now", "Math.random"].includes(dottedName(node)) ||
          (node.type === "NewExpression" && dottedName(node["callee"]) === "Date" && (node["arguments"] as unknown[]).length === 0),
      ),
  },
  {
    name: "timers or network outside core/clock.ts, core/guardedFetch.ts, models/, plugins/",
    allowed: WORLD,
    find: ({ program }) => places(program, (node) => WORLD_CALLS.has(callee(node).replace(/^globalThis\./, "")) || importsTimer(node)),
  },
  {
    name: "code from text",
    allowed: /^$/,
    find: ({ program }) =>
      places(
        program,
        (node) => callee(node) === "eval" || (/^(New|Call)Expression$/.test(node.type) && dottedName(node["callee"]) === "Function"),
      ),
  },
];

function places(program: Node, isFault: (node: Node) => boolean): readonly number[] {
  return [...nodesOf(program)].filter(isFault).map(({ start }) => start);
}

function callee(node: Node): string {
  if (node.type !== "CallExpression") return "";
  const called = node["callee"] as Node;
  if (called.type === "MemberExpression" && (called["object"] as Node).type === "MemberExpression") {
    // `this.#pglite.query`: the object's own name is enough.
    return `${String(((called["object"] as Node)["property"] as Node)["name"])}.${String((called["property"] as Node)["name"])}`;
  }
  return dottedName(called);
}

/** `import { setTimeout as delay } from "node:timers/promises"` is a timer under another name. */
function importsTimer(node: Node): boolean {
  if (node.type !== "ImportDeclaration" || !/^(node:)?timers(\/promises)?$/.test(String((node["source"] as Node)["value"]))) return false;
  return (node["specifiers"] as readonly Node[]).some((specifier) =>
    /^set(Timeout|Interval)$/.test(String((specifier["imported"] as Node | undefined)?.["name"])),
  );
}

/** `file:line rule`, one per fault. */
export function findSourceFaults(sources: readonly SourceFile[]): readonly string[] {
  return sources.flatMap((source) =>
    RULES.filter(({ allowed }) => !allowed.test(source.path)).flatMap((rule) =>
      rule.find(source).map((start) => `${source.path}:${lineOf(source.text, start)} ${rule.name}`),
    ),
  );
}
