// What compression saves on contents made here, and that what was planted in them can still be read. Wide margins: bench:compression has the figures.
import { beforeAll, describe, expect, test } from "vitest";
import { TokenCompressor } from "../../../lib/orchestration/TokenCompressor.ts";
import type { CompressedContent } from "../../../lib/orchestration/types.ts";

interface Fixture {
  readonly name: string;
  readonly content: string;
  readonly task: string;
  readonly planted: readonly string[];
}

const people = ["Amara Okoye", "Bjarne Lind", "Celia Fuentes", "Duc Pham", "Elif Kaya", "Fionn Walsh"];
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

const orders = numbers(120).map((index) => ({
  id: `ord_${(7_919 * (index + 3)).toString(36)}`,
  url: `https://shop.example/api/v2/orders/${7_919 * (index + 3)}?expand=lines`,
  customer: { name: people[index % people.length], node_id: `MDQ6VXNlcj${index}`, avatar_url: `https://shop.example/avatars/${index}.png` },
  status: index === 71 ? "chargeback" : "paid",
  amount: index === 40 ? 98_765.4 : 20 + ((index * 37) % 400),
  currency: "EUR",
}));

const log = numbers(400).map((index) => {
  const time = `2031-03-04T05:${String(Math.floor(index / 60)).padStart(2, "0")}:${String(index % 60).padStart(2, "0")}Z`;
  if (index === 233) return `${time} ERROR [ledger] write to shard s-17 refused: disk quota 8123 MB exceeded`;
  return `${time} INFO [gateway] request ${1_000 + index} served in ${12 + (index % 30)} ms from cache`;
});

const article = numbers(14).map(
  (index) =>
    `<p class="text-lg leading-8" data-index="${index}">${
      index === 6
        ? "The harbour bridge will be closed from 14 June to 2 August because inspectors found 37 cracked bolts in the north pier."
        : `Paragraph ${index} describes how the town prepares for the summer season and what the council said about it.`
    }</p>`,
);
const navigation = numbers(60).map(
  (index) => `<li class="nav__item"><a class="nav__link" href="/section/${index}?src=top">Section ${index}</a></li>`,
);
const page = `<!doctype html><html><head><title>Bridge closed</title><style>${".a{margin:0;padding:4px}".repeat(80)}</style><script>${"track({page:1});".repeat(80)}</script></head><body><nav><ul>${navigation.join("")}</ul></nav><main><article><h1>Bridge closed for summer</h1>${article.join("\n")}</article></main><footer>${navigation.join("")}</footer></body></html>`;

const readings = [
  "station,day,rain_mm,wind_kmh,note",
  ...numbers(300).map(
    (index) =>
      `S${index % 5},2031-${String(1 + (index % 12)).padStart(2, "0")}-${String(1 + (index % 28)).padStart(2, "0")},${index === 180 ? "311.7" : ((index * 7) % 40) / 2},${10 + (index % 23)},`,
  ),
];

const minutes = numbers(90).map((index) => {
  const speaker = (people[index % people.length] ?? "").split(" ")[0];
  if (index === 33) return `${speaker}: We agreed to move the launch to 19 September and I will send the contract ZX-4471 to legal.`;
  return `${speaker}: ${index % 3 === 0 ? "Um, yeah, okay." : `On point ${index} I think we should look at the slides again next week.`}`;
});

const FIXTURES: readonly Fixture[] = [
  {
    name: "a JSON answer of an API",
    content: JSON.stringify(orders, null, 2),
    task: "Report the largest order by amount and every order whose status is not paid: id, customer, amount, status.",
    planted: [orders[40]?.id ?? "", "98765.4", orders[71]?.id ?? "", "chargeback"],
  },
  {
    name: "a log",
    content: log.join("\n"),
    task: "What went wrong? Give the error, the service and the time.",
    planted: ["disk quota 8123 MB exceeded", "ledger", "s-17", "05:03:53"],
  },
  {
    name: "a web page",
    content: page,
    task: "Summarise the article: what is closed, when and why.",
    planted: ["14 June", "2 August", "37 cracked bolts"],
  },
  { name: "a CSV table", content: readings.join("\n"), task: "Find the wettest day: station, day and rain.", planted: ["311.7", "S0"] },
  {
    name: "minutes of a meeting",
    content: minutes.join("\n"),
    task: "When is the launch, and what was agreed about the contract?",
    planted: ["19 September", "ZX-4471"],
  },
];

describe("token savings", () => {
  let results: readonly (Fixture & { readonly result: CompressedContent })[];

  beforeAll(async () => {
    const compressor = await TokenCompressor.create();
    results = await Promise.all(
      FIXTURES.map(async (fixture) => ({
        ...fixture,
        result: await compressor.compress(fixture.content, undefined, undefined, { task: fixture.task }),
      })),
    );
  });

  test("at least 30 % of the tokens are saved on average when the task is known", () => {
    const savings = results.map(({ result }) => 1 - result.tokensOut / result.tokensIn);

    expect(savings.reduce((sum, saving) => sum + saving, 0) / savings.length).toBeGreaterThanOrEqual(0.3);
  });

  test.each(FIXTURES.map(({ name }, index) => [name, index] as const))(
    "everything that was planted in %s can be read in its view",
    (_, index) => {
      const { planted, result } = results[index]!;

      expect(planted.filter((answer) => !result.view.includes(answer))).toEqual([]);
    },
  );

  test("no view has more tokens than its content", () => {
    expect(results.filter(({ result }) => result.tokensOut > result.tokensIn).map(({ name }) => name)).toEqual([]);
  });

  test("a content of 20 KB takes well below a second", async () => {
    const compressor = await TokenCompressor.create();
    const content = log.join("\n").slice(0, 20_000);
    const start = performance.now();

    await compressor.compress(content, undefined, undefined, { task: "Find errors." });

    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
