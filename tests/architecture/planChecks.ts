// Looks for the plan's items in a tree of files. What is to be found is planItems.ts's word.
import type { PlanCheck, PlanItem } from "./planVocabulary.ts";
import { nodesOf, parseSource, textsOf, type Node } from "./sourceTree.ts";

/** Where to look; the tests of this checker plant their own. */
export interface PlanWorld {
  readonly deviations: Readonly<Record<string, string>>;
  readonly finishedPhases: readonly number[];
  readonly finishedEarly: readonly string[];
  /** All files, from the root. */
  readonly files: readonly string[];
  read(path: string): string;
  readonly events: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, { readonly description: string }>>;
  readonly schema: Readonly<Record<string, { readonly columns: object; readonly indexes: object }>>;
}

/** One line per fault; empty is good. */
export function checkPlan(items: readonly PlanItem[], world: PlanWorld): readonly string[] {
  const faults = items.flatMap((item) => {
    const isFinished = world.finishedPhases.includes(item.phase) || (item.kind === "path" && world.finishedEarly.includes(item.path));
    const isThere = isFinished || item.kind === "path" ? isFound(item, world) : false;
    if (isFinished)
      return isThere
        ? []
        : [`missing, although phase ${item.phase} is finished: ${describeItem(item, world.deviations)} (${item.section})`];
    // Only files: a word or a type may come early for good reasons.
    return isThere
      ? [
          `exists, but is listed as to come with phase ${item.phase}: ${describeItem(item, world.deviations)}; finish the phase or list it in FINISHED_EARLY`,
        ]
      : [];
  });
  const planned = new Set(items.flatMap((item) => (item.kind === "path" ? [item.path] : [])));
  return [
    ...faults,
    ...world.finishedEarly.filter((path) => !planned.has(path)).map((path) => `FINISHED_EARLY names ${path}, which the plan does not`),
  ];
}

export function placeOf(path: string, deviations: Readonly<Record<string, string>>): string {
  return deviations[path] ?? path;
}

type Kind = PlanCheck["kind"];
type Of<K extends Kind> = Extract<PlanCheck, { readonly kind: K }>;
type ByKind<Argument, Result> = { readonly [K in Kind]: (item: Of<K>, argument: Argument) => Result };

const DESCRIPTIONS: ByKind<Readonly<Record<string, string>>, string> = {
  path: ({ path }, deviations) => placeOf(path, deviations),
  export: ({ name, path }, deviations) => `${placeOf(name, deviations)} of ${placeOf(path, deviations)}`,
  member: ({ owner, name, path }, deviations) => `${owner}.${name} of ${placeOf(path, deviations)}`,
  event: ({ name, value }) => `event ${name} = ${value}`,
  flag: ({ name }) => `flag ${name}`,
  table: ({ table }) => `table ${table}`,
  column: ({ table, column }) => `column ${table}.${column}`,
  index: ({ index }) => `index ${index}`,
  suite: ({ sentence, path }) => `describe "${sentence}" in ${path}`,
  test: ({ sentence, path }) => `test "${sentence}" in ${path}`,
  text: ({ text, path }, deviations) => `${text} in ${placeOf(path, deviations)}`,
};

const FINDERS: ByKind<PlanWorld, boolean> = {
  path: ({ path }, { files, deviations }) => files.includes(placeOf(path, deviations)),
  export: ({ path, name }, world) =>
    programs(path, world).some((program) => declarationOf(program, placeOf(name, world.deviations)) !== null),
  member: ({ path, owner, name }, world) => programs(path, world).some((program) => hasMember(declarationOf(program, owner), name)),
  event: ({ name, value }, { events }) => events[name] === value,
  flag: ({ name, description }, world) => {
    const row = `('${name}', 'false', '${description}')`;
    return (
      world.flags[name]?.description === description && filesAt("supabase/migrations", world).some((path) => world.read(path).includes(row))
    );
  },
  table: ({ table }, { schema }) => schema[table] !== undefined,
  column: ({ table, column }, { schema }) => Object.hasOwn(schema[table]?.columns ?? {}, column),
  index: ({ table, index }, { schema }) => Object.hasOwn(schema[table]?.indexes ?? {}, index),
  suite: ({ path, sentence }, world) => programs(path, world).some((program) => callsWith(program, /^describe$/, sentence)),
  test: ({ path, sentence }, world) => programs(path, world).some((program) => callsWith(program, /^(test|it)$/, sentence)),
  text: ({ path, text }, world) => filesAt(placeOf(path, world.deviations), world).some((file) => hasText(file, text, world)),
};

export function describeItem<K extends Kind>(item: Of<K>, deviations: Readonly<Record<string, string>>): string {
  return (DESCRIPTIONS[item.kind] as (item: Of<K>, argument: Readonly<Record<string, string>>) => string)(item, deviations);
}

function isFound<K extends Kind>(item: Of<K>, world: PlanWorld): boolean {
  return (FINDERS[item.kind] as (item: Of<K>, argument: PlanWorld) => boolean)(item, world);
}

function filesAt(place: string, { files }: PlanWorld): readonly string[] {
  return files.includes(place) ? [place] : files.filter((path) => path.startsWith(`${place}/`));
}

function programs(place: string, world: PlanWorld): readonly Node[] {
  return filesAt(placeOf(place, world.deviations), world)
    .filter((path) => path.endsWith(".ts"))
    .map((path) => parseSource(path, world.read(path)).program);
}

/** In TypeScript a comment does not count; a quoted word is a text of its own. */
function hasText(path: string, text: string, world: PlanWorld): boolean {
  if (!path.endsWith(".ts")) return world.read(path).includes(text);
  const texts = [...textsOf(parseSource(path, world.read(path)).program)];
  const quoted = /^"(.*)"$/.exec(text)?.[1];
  return texts.some((found) => (quoted === undefined ? found.text.includes(text) : found.text === quoted));
}

/** The exported class, interface, type, function or constant of that name. */
function declarationOf(program: Node, name: string): Node | null {
  for (const statement of program["body"] as readonly Node[]) {
    if (statement.type !== "ExportNamedDeclaration") continue;
    const specifiers = statement["specifiers"] as readonly Node[];
    if (specifiers.some((specifier) => (specifier["exported"] as Node)["name"] === name)) return statement;
    const declaration = statement["declaration"] as Node | null;
    if (declaration === null) continue;
    const declared = declaration.type === "VariableDeclaration" ? (declaration["declarations"] as readonly Node[]) : [declaration];
    const found = declared.find((node) => (node["id"] as Node | null)?.["name"] === name);
    if (found !== undefined) return found;
  }
  return null;
}

const MEMBERS = new Set([
  "MethodDefinition",
  "TSAbstractMethodDefinition",
  "PropertyDefinition",
  "TSPropertySignature",
  "TSMethodSignature",
]);

function hasMember(declaration: Node | null, name: string): boolean {
  return declaration !== null && [...nodesOf(declaration)].some((node) => MEMBERS.has(node.type) && (node["key"] as Node)["name"] === name);
}

/** `test("sentence", …)`, and `test.each(…)("sentence", …)` alike. A skipped or todo one does not count. */
function callsWith(program: Node, callee: RegExp, sentence: string): boolean {
  return [...nodesOf(program)].some((node) => {
    if (node.type !== "CallExpression") return false;
    const [first] = node["arguments"] as readonly Node[];
    if (first?.type !== "Literal" || first["value"] !== sentence) return false;
    const called = node["callee"] as Node;
    const inner = called.type === "CallExpression" ? (called["callee"] as Node) : called;
    const isEach = inner.type === "MemberExpression" && (inner["property"] as Node)["name"] === "each";
    const root = isEach ? (inner["object"] as Node) : inner;
    return root.type === "Identifier" && callee.test(String(root["name"]));
  });
}
