// The words in which planItems.ts lists the plan: kinds of items and short ways to write many of one kind.
export type PlanCheck =
  | { readonly kind: "path"; readonly path: string }
  /** `path` may be a folder: then any file in it. */
  | { readonly kind: "export"; readonly path: string; readonly name: string }
  | { readonly kind: "member"; readonly path: string; readonly owner: string; readonly name: string }
  | { readonly kind: "event"; readonly name: string; readonly value: string }
  | { readonly kind: "flag"; readonly name: string; readonly description: string }
  | { readonly kind: "table"; readonly table: string }
  | { readonly kind: "column"; readonly table: string; readonly column: string }
  | { readonly kind: "index"; readonly table: string; readonly index: string }
  | { readonly kind: "suite"; readonly path: string; readonly sentence: string }
  | { readonly kind: "test"; readonly path: string; readonly sentence: string }
  | { readonly kind: "text"; readonly path: string; readonly text: string };

export type PlanItem = PlanCheck & {
  /** When it must exist. */
  readonly phase: number;
  /** Where the plan has it. */
  readonly section: string;
};

export type Section = readonly [phase: number, section: string, checks: readonly PlanCheck[]];

export const paths = (...list: readonly string[]): PlanCheck[] => list.map((path) => ({ kind: "path", path }));
export const exported = (path: string, ...names: readonly string[]): PlanCheck[] => names.map((name) => ({ kind: "export", path, name }));
export const members = (path: string, owner: string, ...names: readonly string[]): PlanCheck[] =>
  names.map((name) => ({ kind: "member", path, owner, name }));
export const columns = (table: string, ...names: readonly string[]): PlanCheck[] =>
  names.map((column) => ({ kind: "column", table, column }));
export const table = (name: string, ...names: readonly string[]): PlanCheck[] => [
  { kind: "table", table: name },
  ...columns(name, ...names),
];
export const index = (tableName: string, name: string): PlanCheck => ({ kind: "index", table: tableName, index: name });
export const event = (name: string, value: string): PlanCheck => ({ kind: "event", name, value });
export const flag = (name: string, description: string): PlanCheck => ({ kind: "flag", name, description });
export const texts = (path: string, ...list: readonly string[]): PlanCheck[] => list.map((text) => ({ kind: "text", path, text }));
export const suite = (path: string, name: string, ...sentences: readonly string[]): PlanCheck[] => [
  { kind: "suite", path, sentence: name },
  ...sentences.map((sentence): PlanCheck => ({ kind: "test", path, sentence })),
];

// Where the plan puts things.
export const MIGRATIONS = "supabase/migrations";
export const TYPES = "lib/orchestration/types.ts";
export const HANDLERS = "lib/orchestration/IntentHandlers";
export const UNIT = "tests/orchestration";
export const INTEGRATION = "tests/integration/orchestration";
export const PERFORMANCE = "tests/performance/orchestration";
export const CREATION = "lib/agentkit/analyzePrompt-v3-direct.ts";
export const INTENSITY = "lib/utils/updateAgentIntensity.ts";

export const FOUNDATION = `${MIGRATIONS}/20250112_orchestration_foundation.sql`;
export const GOVERNANCE = `${MIGRATIONS}/20250126_token_governance.sql`;
export const HANDLER_TABLE = `${MIGRATIONS}/20250209_intent_handlers.sql`;
export const AIS_ROUTING = `${MIGRATIONS}/20250223_ais_routing.sql`;
