// The pages of docs/ that are made from code: rendered here, written by writeDocs.ts, compared by docs.test.ts.
import { configKeys, type ConfigKey } from "../../lib/config/describeConfig.ts";
import { FOUND_KEY_VARIABLES } from "../../lib/config/Config.ts";
import { ERROR_CATALOGUE, type ErrorEntry } from "../../lib/core/errorCatalogue.ts";
import { describeItem, placeOf } from "./planChecks.ts";
import { renderConditions } from "./conditionsPage.ts";
import { code, page, table } from "./markdown.ts";
import { DEVIATIONS, FINISHED_EARLY, FINISHED_PHASES, PLAN_ITEMS } from "./planItems.ts";
import type { PlanItem } from "./planVocabulary.ts";
import { renderTransforms } from "./transformsPage.ts";

export function renderDocs(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/reference/errors.md", renderErrors()],
    ["docs/reference/config.md", renderConfig()],
    ["docs/reference/conditions.md", renderConditions()],
    ["docs/reference/transforms.md", renderTransforms()],
    ["docs/plan-map.md", renderPlanMap()],
  ]);
}

function renderErrors(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(([name, entry]: [string, ErrorEntry]) => [
    code(name),
    entry.meaning,
    entry.hint,
    String(entry.exitCode),
    String(entry.httpStatus),
    typeof entry.retry === "string" ? entry.retry : `after ${entry.retry.afterMs} ms`,
  ]);
  return page(
    "Errors",
    "Every error has one of these codes, a message with the facts, and a hint. `Exit` is the exit code of the command line, `HTTP` the status of the API, `Retry` whether trying again can help when nothing else has changed; a single error may say otherwise, such as how long a server asked to wait.",
    table(["Code", "Meaning", "What to do", "Exit", "HTTP", "Retry"], rows),
  );
}

function renderConfig(): string {
  const keys = [...configKeys().values()];
  return page(
    "Configuration",
    "Precedence: command line, environment, file, default. The optional file is `neuronforge.config.json` or `neuronforge.config.yaml` in the current folder. All mistakes are reported at once, unknown keys with a suggestion. Relative paths are relative to the current folder.",
    table(["Key", "Environment", "Default", "Unit", "Expected", "Meaning"], keys.map(configRow)),
    "## Model providers",
    [
      "Each entry of `providers`: `name` (how workflows name it), `kind` (`openai`, `anthropic`, `google`, `openai-compatible`), `baseUrl` (needed by `openai-compatible`), `apiKeyFrom`.",
      'A key never stands in the file. `apiKeyFrom` names where it is: `{ "connection": "NAME" }` or `{ "env": "VARIABLE" }`.',
    ].join("\n"),
    "```yaml\nproviders:\n  - name: local\n    kind: openai-compatible\n    baseUrl: http://127.0.0.1:11434/v1\n  - name: main\n    kind: anthropic\n    apiKeyFrom: { env: TEAM_ANTHROPIC_KEY }\n```",
    `The well-known variables ${Object.values(FOUND_KEY_VARIABLES).map(code).join(", ")} are read too, but used only with \`--live\` (or \`live: true\`): a key that happens to be in the environment never spends money by itself.`,
    "## Secrets",
    "Stored connections are sealed with AES-256-GCM. The key comes from `NEURONFORGE_SECRET_KEY`, or from a key file outside the data folder, mode 0600, made on first use; a file that others may read is refused. Keep a copy of the key: without it stored connections cannot be opened. To change keys, put a new one first and keep the old one until everything is sealed anew.",
  );
}

function configRow(key: ConfigKey): string[] {
  const fallback = key.isEnvOnly === true ? "none" : (key.defaultText ?? code(key.defaultValue));
  return [code(key.name), key.env === undefined ? "" : code(key.env), fallback, key.unit ?? "", key.expected, key.description];
}

function renderPlanMap(): string {
  const phases = [...new Set(PLAN_ITEMS.map(({ phase }) => phase))].sort((a, b) => a - b);
  return page(
    "Plan map",
    "Where each thing is that the implementation plan names. `tests/architecture/plan.test.ts` looks for every line of a finished phase, and for files that are said to come but exist.",
    "## Names that differ from the plan's",
    table(
      ["Plan", "Here"],
      Object.entries(DEVIATIONS).map(([planned, ours]) => [code(planned), code(ours)]),
    ),
    ...phases.flatMap((phase) => [
      phaseTitle(phase),
      table(["Plan's section", "What", "Item"], PLAN_ITEMS.filter((item) => item.phase === phase).map(planRow)),
    ]),
  );
}

function phaseTitle(phase: number): string {
  const title = phase === 0 ? "What the plan takes as given, and its schema, flags and events" : `Phase ${phase}`;
  return `## ${title}: ${FINISHED_PHASES.includes(phase) ? "here" : "to come"}`;
}

const KINDS: Readonly<Record<PlanItem["kind"], string>> = {
  path: "file",
  export: "export",
  member: "member",
  event: "event",
  flag: "flag",
  table: "table",
  column: "column",
  index: "index",
  suite: "suite",
  test: "test",
  text: "text",
};

function planRow(item: PlanItem): string[] {
  const early = item.kind === "path" && FINISHED_EARLY.includes(item.path) ? " (already here)" : "";
  const shown = item.kind === "path" ? code(placeOf(item.path, DEVIATIONS)) : describeItem(item, DEVIATIONS);
  return [item.section, KINDS[item.kind], `${shown}${early}`];
}
