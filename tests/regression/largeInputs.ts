// Large inputs of the verbose agents, made by code instead of files: the same on every machine.
import type { JsonValue } from "../../lib/core/json.ts";
import { sentence } from "./schemaValue.ts";
import { SeededRandom } from "./seededRandom.ts";

/** By the name of the input that has no default. */
export const LARGE_INPUTS: Readonly<Record<string, () => JsonValue>> = {
  server_log: () => serverLog(120),
  orders_json: () => orders(60),
  page_html: () => page(24),
  transcript: () => transcript(60),
  survey_csv: () => surveyCsv(90),
  mail_thread: () => mailThread(10),
  contract_text: () => contract(14),
  commit_list: () => commits(50),
  applications: () => applications(9),
  metrics_json: () => metrics(80),
};

function lines(seed: string, count: number, make: (random: SeededRandom, index: number) => string): string {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, index) => make(random, index)).join("\n");
}

function list(seed: string, count: number, make: (random: SeededRandom, index: number) => JsonValue): JsonValue[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, index) => make(random, index));
}

function clock(index: number): string {
  return `${String(6 + Math.floor(index / 60)).padStart(2, "0")}:${String(index % 60).padStart(2, "0")}:07`;
}

function serverLog(count: number): string {
  return lines("log", count, (random, index) => {
    const level = index === 77 ? "ERROR" : random.chance(0.1) ? "WARN" : "INFO";
    const what =
      level === "ERROR"
        ? "OutOfMemory in worker 7: heap 512 MB"
        : `${random.pick(["GET", "POST"])} /${random.pick(["cart", "login", "items"])} ${random.pick([200, 200, 304, 500])} ${random.whole(3, 900)}ms`;
    return `2019-03-04 ${clock(index)} ${level} web-${random.whole(1, 4)} ${what}`;
  });
}

function orders(count: number): JsonValue {
  return list("orders", count, (random, index) => ({
    order_id: `O-${1_000 + index}`,
    customer: { name: `Customer ${random.whole(1, 30)}`, country: random.pick(["DE", "FR", "PL"]), vip: random.chance(0.1) },
    total: random.whole(1_000, 50_000) / 100,
    status: random.pick(["paid", "open", "returned"]),
    note: random.chance(0.2) ? sentence(random) : null,
  }));
}

function page(count: number): string {
  const rows = lines(
    "page",
    count,
    (random, index) =>
      `<li class="item row-${index}" data-id="${random.whole(1_000, 9_999)}"><a href="/p/${index}"><h3>${sentence(random)}</h3></a><p>${sentence(random)} &amp; more</p><span>${random.whole(5, 99)} €</span></li>`,
  );
  return `<!doctype html><html><head><title>Catalogue</title><style>li{margin:0}</style><script>track("view")</script></head><body><nav><a href="/">Home</a></nav><ul>\n${rows}\n</ul><footer>Imprint</footer></body></html>`;
}

function transcript(count: number): string {
  return lines(
    "transcript",
    count,
    (random, index) =>
      `[${clock(index).slice(0, 5)}] ${random.pick(["Mara", "Jonas", "Ines"])}: ${sentence(random)}${index % 13 === 5 ? ". Decision: we ship on 2019-06-11" : ""}.`,
  );
}

function surveyCsv(count: number): string {
  const rows = lines("survey", count, (random, index) =>
    [
      index + 1,
      random.pick(["north", "south", "west"]),
      random.whole(1, 5),
      random.chance(0.3) ? `"${sentence(random)}, ${sentence(random)}"` : "",
    ].join(","),
  );
  return `id,region,rating,comment\n${rows}\n`;
}

function mailThread(count: number): string {
  return lines(
    "thread",
    count,
    (random, index) =>
      `From: ${random.pick(["anna", "ben"])}@example.com\nSubject: ${index === 0 ? "" : "Re: "}Delivery of order 4711\n\n${sentence(random)}. ${sentence(random)}.\n\nRegards\n--\nThis message is confidential and may be privileged.\n> ${sentence(random)}\n> ${sentence(random)}\n`,
  );
}

function contract(count: number): string {
  return lines(
    "contract",
    count,
    (random, index) =>
      `§ ${index + 1} ${sentence(random)}\n${sentence(random)}. The ${random.pick(["supplier", "customer"])} shall ${random.pick(["not ", ""])}${sentence(random)}. Notice period: ${random.whole(1, 6)} months.\n`,
  );
}

function commits(count: number): JsonValue {
  return list("commits", count, (random, index) => ({
    hash: `c${1_000 + index}`,
    type: random.pick(["fix", "feat", "chore"]),
    title: sentence(random),
    files: random.whole(1, 20),
  }));
}

function applications(count: number): JsonValue {
  return list("applications", count, (random, index) => ({
    name: `Applicant ${index + 1}`,
    years: random.whole(0, 15),
    skills: Array.from({ length: random.whole(2, 5) }, () => random.pick(["sql", "python", "go", "support", "design"])),
    letter: Array.from({ length: 6 }, () => `${sentence(random)}.`).join(" "),
  }));
}

function metrics(count: number): JsonValue {
  return list("metrics", count, (random, index) => ({
    at: `2019-05-01 ${clock(index)}`,
    host: `db-${random.whole(1, 3)}`,
    cpu: random.whole(1, index === 40 ? 100 : 60),
    queue: random.whole(0, 20),
  }));
}
