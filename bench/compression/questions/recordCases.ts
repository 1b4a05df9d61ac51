// Tasks about records: manifests of packages, webhook payloads, generated tables. Asked: the named fields of the records that the task is about.
import type { SeededRandom } from "../random.ts";
import { readManifests, readModuleFile } from "./corpus.ts";
import type { Case } from "./types.ts";

type Fields = Readonly<Record<string, unknown>>;

export async function recordCases(random: SeededRandom, count: number): Promise<readonly Case[]> {
  const manifests = await readManifests();
  const webhooks = await readWebhooks();
  return Array.from({ length: count }, (_, index) => {
    const kind = index % 4;
    if (kind === 0) return manifestCase(manifests, random, index);
    if (kind === 1) return tableCase(random, index);
    return webhookCase(webhooks, random);
  }).filter((made) => made.answers.length > 0);
}

function manifestCase(manifests: readonly Fields[], random: SeededRandom, index: number): Case {
  const chosen = random.sample(manifests, 20 + random.below(30));
  const records = chosen.map(({ name, version, license, description, author, type, engines, dependencies, homepage }) => ({
    name,
    version,
    license,
    description,
    author,
    type,
    homepage,
    engines,
    dependencies,
  }));
  const content = JSON.stringify(records, null, random.pick([0, 2]));
  const license = random.pick(["MIT", "ISC", "Apache-2.0"]);
  const [task, asked] = random.pick([
    ["List every package with its name, version and license.", records],
    [`Which packages are under the license ${license}? Give their names and versions.`, records.filter((one) => one.license === license)],
    [`What are the names and versions of the packages under ${license}?`, records.filter((one) => one.license === license)],
    ["List the packages that are not under the MIT license: name, version, license.", records.filter((one) => one.license !== "MIT")],
  ] as const);
  const answers = random.sample(asked, 8).map(({ name, version }) => [String(name), String(version)]);
  return { source: `manifests ${index}`, content, task, answers, family: "json list" };
}

interface Webhook {
  readonly name: string;
  readonly example: unknown;
}

async function readWebhooks(): Promise<readonly Webhook[]> {
  const text = await readModuleFile("@octokit/webhooks-examples/api.github.com/index.json");
  const events = JSON.parse(text) as readonly { readonly name: string; readonly examples: readonly unknown[] }[];
  return events.flatMap(({ name, examples }) => examples.map((example) => ({ name, example })));
}

/** Some values, asked for by the names of their fields. */
function webhookCase(webhooks: readonly Webhook[], random: SeededRandom): Case {
  const { name, example } = random.pick(webhooks);
  const content = JSON.stringify(example, null, random.pick([0, 2]));
  const leaves = leavesOf(example, []).filter(
    ({ path, value }) => value.length >= 4 && !value.includes("{") && !FURNITURE.test(path.at(-1) ?? ""),
  );
  const asked = random.sample(leaves, 4);
  const names = asked.map(({ path }) => path.slice(-2).join(" ").replaceAll("_", " "));
  return {
    source: `webhook ${name}`,
    content,
    task:
      random.next() < 0.3
        ? `What are the ${names.slice(0, -1).join(", the ")} and the ${names.at(-1) ?? ""} of this event?`
        : `Write one line about this ${name.replaceAll("_", " ")} event: give the ${names.slice(0, -1).join(", the ")} and the ${names.at(-1) ?? ""}.`,
    answers: asked.map(({ value }) => [value]),
    family: "json object",
  };
}

/** Links to further resources and internal ids, which programs follow and nobody asks for. The page of a thing is asked for. */
const FURNITURE = /^(?!html_url$).*_url$|^url$|^node_id$|^gravatar_id$/;

function leavesOf(value: unknown, path: readonly string[]): { readonly path: readonly string[]; readonly value: string }[] {
  if (typeof value === "string" || typeof value === "number") return [{ path, value: String(value) }];
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, path));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]));
}

const REGIONS = ["north", "south", "east", "west", "islands"];
const STATES = ["paid", "paid", "paid", "paid", "open", "refunded", "disputed"];
const SYLLABLES = ["ka", "lo", "mi", "ren", "to", "sa", "vel", "dor", "ni", "ber", "tas", "ul"];

/** Orders of shops that do not exist, as CSV or JSON. */
function tableCase(random: SeededRandom, index: number): Case {
  const word = (): string => [random.pick(SYLLABLES), random.pick(SYLLABLES), random.pick(SYLLABLES)].join("");
  const rows = Array.from({ length: 60 + random.below(200) }, (_, row) => ({
    id: `or_${random.below(36 ** 5).toString(36)}${row}`,
    customer: `${word()} ${word()}`,
    region: random.pick(REGIONS),
    state: random.pick(STATES),
    amount: ((100 + random.below(90_000)) / 100).toFixed(2),
    items: String(1 + random.below(9)),
    day: `2032-${String(1 + random.below(12)).padStart(2, "0")}-${String(1 + random.below(28)).padStart(2, "0")}`,
  }));
  const keys = ["id", "customer", "region", "state", "amount", "items", "day"] as const;
  const csv = [keys.join(","), ...rows.map((row) => keys.map((key) => row[key]).join(","))].join("\n");
  const byAmount = [...rows].sort((left, right) => Number(right.amount) - Number(left.amount));
  const state = random.pick(["refunded", "disputed"]);
  const region = random.pick(REGIONS);
  const [task, asked] = random.pick([
    ["Find the largest orders by amount: id, customer and amount.", byAmount.slice(0, 3)],
    ["Find the smallest order: id, customer, amount.", byAmount.slice(-1)],
    ["Which orders are the largest by amount?", byAmount.slice(0, 3)],
    [`Which orders are ${state}, and what is their amount?`, rows.filter((row) => row.state === state)],
    [
      `List the ${state} orders in the region ${region} with id and amount.`,
      rows.filter((row) => row.state === state && row.region === region),
    ],
    [`Report every ${state} order: id, customer, amount.`, rows.filter((row) => row.state === state)],
  ] as const);
  return {
    source: `table ${index}`,
    content: random.next() < 0.7 ? csv : JSON.stringify(rows, null, 1),
    task,
    answers: random.sample(asked, 8).map(({ id, amount }) => [id, amount]),
    family: "table",
  };
}
