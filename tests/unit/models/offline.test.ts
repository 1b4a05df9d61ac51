import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import type { JsonValue } from "../../../lib/core/json.ts";
import { OfflineProvider } from "../../../lib/models/offline.ts";
import type { ModelFacts, ModelRequest, ModelResult, ModelTask } from "../../../lib/models/types.ts";
import { testReservation } from "../../../lib/testing/testReservation.ts";
import { TokenCounter } from "../../../lib/tokens/TokenCounter.ts";

let offline: OfflineProvider;
let counter: TokenCounter;
beforeAll(async () => {
  counter = await TokenCounter.load();
  offline = new OfflineProvider({ clock: systemClock, counter });
});

async function ask(request: Partial<ModelRequest>): Promise<ModelResult> {
  return await offline.call(
    { model: "offline", messages: [{ role: "user", content: "Go." }], maxOutputTokens: 4_000, ...request },
    testReservation(),
  );
}

async function prompt(content: string, extras: Partial<ModelRequest> = {}): Promise<ModelResult> {
  return await ask({ messages: [{ role: "user", content }], ...extras });
}

const INVOICES = [
  { id: "INV-1", customer: "Acme", amount: 120.5, status: "open", due_date: "2025-03-01" },
  { id: "INV-2", customer: "Beta", amount: 80, status: "overdue", due_date: "2025-01-15" },
  { id: "INV-3", customer: "Acme", amount: 990, status: "open", due_date: "2025-02-10" },
];
const REPORT =
  "The database was down for two hours on Monday. Nobody noticed at first. Customers in Zurich could not log in, and 34 tickets were filed. " +
  "The cause was a full disk on the database host. We added 500 GB of disk. Lunch was good. Dr. Smith wrote the report.";

describe("summaries of what is no plain text", () => {
  const summarized = async (text: string, about = "what happens to the depot"): Promise<string> =>
    (await ask({ facts: { kind: "summarize", task: `Summarize in two sentences ${about}.`, data: text } })).text;

  test("of a page take its sentences, not what stands around them", async () => {
    const page = `<!DOCTYPE html><html><head><title>Depot.</title><script>if (a < b) depot("move.");</script></head><body>
      <nav><a href="/">The depot of the nav.</a></nav><p>The <b>depot</b>
 moves &amp; grows in May.</p><p>It opens again on 2 June.</p>
      <ul><li>Doors</li></ul><p>Lunch is served at noon.</p><footer>The depot of the footer.</footer></body></html>`;
    expect(await summarized(page)).toBe("The depot moves & grows in May. It opens again on 2 June.");
  });

  test("of a mail take what its writer says", async () => {
    const mail =
      "From: Ann <ann@example.com>\nSubject: The depot moves.\nDate: Mon, 3 Mar 2025 09:12:00 +0100\n\nThe depot moves in May.\nThe keys are changed on 2 June.\n\n" +
      "Ann Depot\nHead of depots 77\n\nOn Mon, 3 Mar 2025, Bob wrote:\n> When does the depot of 2024 move?\n";
    expect(await summarized(mail)).toBe("The depot moves in May. The keys are changed on 2 June.");
  });

  test.each([
    ["a head that nobody closed", "<html><head><title>Depot.</title><body><p>The depot moves.<p>It opens in June.<p>Lunch is at noon."],
    ["a comparison in the text", "<html><p>The depot moves if 3 < 4.</p><p>It opens in June.</p><p>Lunch is at noon.</p>"],
    ["a comment", "<html><!-- The depot > is secret. --><p>The depot moves.</p><p>It opens in June.</p><p>Lunch is at noon.</p>"],
    ["entities", "<html><p>The depot&rsquo;s d&eacute;p&#244;t moves.</p><p>It opens in June.</p><p>Lunch is at noon.</p>"],
    ["nothing but furniture", "<html><nav><p>The depot moves.</p><p>It opens in June.</p><p>Lunch is at noon.</p>"],
  ])("of a page with %s are of its text", async (_name, page) => {
    expect(await summarized(page, "what happens to the depot and when it opens")).toMatch(
      /^The depot(?: moves| moves if 3 < 4|’s dépôt moves)\. It opens in June\.$/,
    );
  });

  test("of mails leave out a short signature at the end, and no other paragraph", async () => {
    const mails =
      "From: Ann <ann@example.com>\nSubject: The depot\nDate: Mon, 3 Mar 2025 09:12:00 +0100\n\nThe depot moves in May\n\nSee you.\n\nKind regards\nAnn Depot\n\nThis depot mail is confidential.\n\nP.S. The depot has a cat.\n\nAnn Depot\nHead of depots 77\n\n" +
      "From: Bob <bob@example.com>\nSubject: Re: The depot\nDate: Mon, 3 Mar 2025 10:12:00 +0100\n\nThe depot opens on 2 June";
    const summary = (await ask({ facts: { kind: "summarize", task: "Summarize the depot in nine sentences.", data: mails } })).text;
    expect(summary).toContain("The depot has a cat.");
    expect(summary).not.toContain("confidential");
    expect(summary).toContain("The depot moves in May");
    expect(summary).toContain("The depot opens on 2 June");
    expect(summary).not.toContain("Head of depots");
  });

  test("of a text that mentions a diff keep its quotations", async () => {
    const text = "Run `diff --git a b` first.\n\n> The depot moves in May.\n> The depot opens on 2 June.\n\nLunch is served at noon.";
    expect(await summarized(text)).toMatch(/The depot (?:moves in May|opens on 2 June)\./);
  });

  test("of a patch take its messages", async () => {
    const patch =
      "The depot is closed at night.\nIts 3 doors are counted.\n\ndiff --git a/depot.ts b/depot.ts\n--- a/depot.ts\n+++ b/depot.ts\n@@ -1 +1 @@\n-depot(1);\n+depot(2); // The depot is counted.\n";
    expect(await summarized(patch)).toBe("The depot is closed at night. Its 3 doors are counted.");
  });

  test("of a log take its errors first", async () => {
    const lines = Array.from(
      { length: 40 },
      (_, index) => `2025-03-11T02:${10 + index}:00Z INFO depot shelf ${index} counted, depot scanner ok`,
    );
    lines[17] = "2025-03-11T02:27:00Z ERROR shelf 17 was not counted: no answer";
    lines[31] = "2025-03-11T02:41:00Z FATAL out of memory";
    expect((await summarized(lines.join("\n"), "what went wrong")).split(/ (?=2025)/)).toEqual([lines[17], lines[31]]);
  });

  test("take bounded time, however the markup is broken", async () => {
    const start = performance.now();
    await summarized(`<html>${"<nav><".repeat(100_000)}`);
    await summarized(`<body>${"<nav>".repeat(50_000)}${"</footer>".repeat(50_000)}The end.`);
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

describe("summaries", () => {
  test("of data give counts, groups, extremes and dates", async () => {
    const { text, isOffline, provider, usage } = await ask({
      facts: { kind: "summarize", task: "Summarise the invoices", data: INVOICES },
    });
    expect(text).toContain("3 items.");
    expect(text).toContain("status: open (2), overdue (1).");
    expect(text).toContain("amount: lowest 80 (INV-2), highest 990 (INV-3).");
    expect(text).toContain("due_date: from 2025-01-15 to 2025-03-01.");
    expect({ isOffline, provider }).toEqual({ isOffline: true, provider: "offline" });
    expect(usage?.outputTokens).toBe(counter.count(text));
  });

  test("of a plain prompt take data and task out of the message", async () => {
    const direct = await ask({ facts: { kind: "summarize", task: "Summarise these invoices", data: INVOICES } });
    const said = await prompt(`Summarise these invoices\n\n\`\`\`json\n${JSON.stringify(INVOICES, null, 2)}\n\`\`\``);
    expect(said.text).toBe(direct.text);
  });

  test("of text are whole sentences of it, as many as asked", async () => {
    const { text } = await prompt(`Summarize the report in two sentences.\n\n${REPORT}`);
    const kept = text.split(/(?<=\.) (?=[A-Z])/);
    expect(kept).toHaveLength(2);
    for (const sentence of kept) expect(REPORT).toContain(sentence);
  });

  test("of long English text use the language model's ranking and stay verbatim", async () => {
    const text = Array.from(
      { length: 12 },
      (_, day) => `On day ${day} the river rose and the bridge was closed for repairs. The crew waited. ${REPORT}`,
    ).join(" ");
    const summary = await prompt(`Summarize what happened to the bridge:\n\n${text}`);
    expect(summary.text).toContain("bridge");
    for (const sentence of summary.text.split(/(?<=\.) (?=[A-Z])/)) expect(text).toContain(sentence);
  });

  test("of huge input take bounded time and say that they sampled", async () => {
    const startedMs = performance.now();
    const { text, warnings } = await prompt(`Summarize:\n\n${"The order arrived late and the box was damaged again. ".repeat(20_000)}`);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(text).toContain("Read in 30 passages");
    expect(warnings?.[0]).toContain("30 passages");
  });

  test("are cut at the end of a line, and finish with length when nothing fits", async () => {
    const facts: ModelFacts = { kind: "summarize", task: "Summarise", data: INVOICES };
    const whole = await ask({ facts });
    const cut = await ask({ facts, maxOutputTokens: 25 });
    expect(whole.text.startsWith(`${cut.text}\n`)).toBe(true);
    expect(counter.count(cut.text)).toBeLessThanOrEqual(25);
    expect(cut.finishReason).toBe("stop");
    expect(await ask({ facts, maxOutputTokens: 1 })).toMatchObject({ text: "", finishReason: "length" });
  });
});

describe("letters", () => {
  test("have subject, greeting and facts only as given", async () => {
    const data = { customer_name: "Maria", sender: "Jo", invoices: INVOICES.slice(0, 1) };
    const { text } = await ask({ facts: { kind: "generate", task: "Write an email to the customer about the open invoice.", data } });
    expect(text.split("\n")[0]).toBe("Subject: open invoice");
    expect(text).toContain("Hello Maria,");
    expect(text).toContain("- id: INV-1, customer: Acme, amount: 120.5, status: open, due_date: 2025-03-01");
    expect(text.endsWith("\n\nJo")).toBe(true);
    const bare = await ask({ facts: { kind: "generate", task: "Write an email", data: { total: 5 } } });
    expect(bare.text).toBe("total: 5");
  });

  test("without facts say so instead of inventing", async () => {
    const { text, warnings } = await prompt("Write a haiku about spring.");
    expect(text).toBe("The offline model writes only from what it is given, and no facts were given.");
    expect(warnings).toEqual(["no facts were given"]);
  });
});

describe("labels", () => {
  const labels = [{ name: "urgent" }, { name: "billing", description: "invoices, payments and charges" }, { name: "other" }];

  test("are chosen by shared words, or left open", async () => {
    const data = [{ subject: "Server outage, help ASAP" }, { subject: "Wrong charge on my card" }, { subject: "Hello there" }];
    const { output, warnings } = await ask({ facts: { kind: "classify", data, labels } });
    expect(output).toMatchObject([{ label: "urgent" }, { label: "billing" }, { label: null }]);
    expect(warnings?.[0]).toContain("1 of 3");
  });

  test("come out of the prompt when it names them", async () => {
    const { text, output } = await prompt(
      "Classify the ticket as one of: bug, feature, billing.\n\nThe app crashes with an error when I press save.",
    );
    expect({ text, output }).toEqual({ text: "bug", output: "bug" });
  });

  test("that fit alike are not guessed", async () => {
    const { output } = await ask({ facts: { kind: "decide", data: "apples and pears", labels: [{ name: "apples" }, { name: "pears" }] } });
    expect(output).toBeNull();
  });
});

describe("schemas", () => {
  const outputSchema = {
    type: "object",
    required: ["name", "orderNumber", "total", "email", "vat"],
    properties: {
      name: { type: "string" },
      orderNumber: { type: "string" },
      total: { type: "number" },
      email: { type: "string" },
      vat: { type: ["number", "null"] },
      nickname: { type: "string" },
      priority: { enum: ["high", "low", null] },
    },
  };

  test("are filled from labelled text; what is missing is null and reported", async () => {
    const { output, warnings } = await prompt(
      "Extract the fields.\n\nName: Jane Roe\nOrder number: 55-12\nTotal: $1,250.00\nReply to jane@roe.org",
      { outputSchema },
    );
    expect(output).toEqual({ name: "Jane Roe", orderNumber: "55-12", total: 1250, email: "jane@roe.org", vat: null });
    expect(warnings).toEqual(["not in the input: vat, nickname, priority"]);
  });

  test("are filled from keys however they are spelled, lists item by item", async () => {
    const schema = {
      type: "object",
      properties: {
        count: { type: "integer" },
        invoices: { type: "array", items: { type: "object", properties: { ID: { type: "string" }, dueDate: { type: "string" } } } },
      },
    };
    const { output } = await ask({ facts: { kind: "extract", data: INVOICES }, outputSchema: schema });
    expect(output).toEqual({ count: 3, invoices: INVOICES.map((invoice) => ({ ID: invoice.id, dueDate: invoice.due_date })) });
  });

  test("do not take one of several e-mail addresses", async () => {
    const schema = { type: "object", required: ["email"], properties: { email: { type: "string" } } };
    expect((await prompt("Extract the address.\n\nFrom a@x.org to b@x.org today.", { outputSchema: schema })).output).toEqual({
      email: null,
    });
  });
});

test("tools are not called; their results are read", async () => {
  const messages: ModelRequest["messages"] = [
    { role: "user", content: "Summarize the invoices that you find." },
    { role: "assistant", content: [{ type: "tool-call", toolCallId: "1", toolName: "find", input: {} }] },
    { role: "tool", content: [{ type: "tool-result", toolCallId: "1", toolName: "find", output: { type: "json", value: INVOICES } }] },
  ];
  const { text, toolCalls, finishReason } = await ask({
    messages,
    tools: [{ name: "find", description: "Finds.", inputSchema: { type: "object" } }],
  });
  expect({ toolCalls, finishReason }).toEqual({ toolCalls: [], finishReason: "stop" });
  expect(text).toContain("3 items.");
});

describe("whatever it is asked", () => {
  const word = fc.stringMatching(/^[A-Z][a-z]{2,7}$/);
  const row = fc.record({
    name: word,
    email: fc.emailAddress(),
    city: fc.constantFrom("Zurich", "Bern", "Basel"),
    amount: fc.oneof(fc.integer({ min: -5_000, max: 5_000_000 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    when: fc
      .date({ min: new Date("2001-01-01"), max: new Date("2030-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
    note: fc.lorem({ maxCount: 4, mode: "sentences" }),
  });
  const schema = {
    type: "object",
    required: ["name", "email", "total", "summary"],
    properties: { name: { type: "string" }, email: { type: "string" }, total: { type: "number" }, summary: { type: "string" } },
  };
  const task = fc.constantFrom(
    "Summarise the data",
    "Write an email about the figures",
    "Write a report",
    "Classify as one of: good, bad",
    "Extract name and email",
  );

  /** Words of the templates themselves. */
  const TEMPLATE = new Set(["Subject", "Hello", "Read", "The", "No"]);

  function inventions(output: string, input: string, counts: number): string[] {
    const known = new Set([...input.matchAll(/-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi)].map(([number]) => Math.abs(Number(number))));
    const numbers = [...output.matchAll(/\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi)].map(([number]) => Number(number));
    const figures = numbers.filter((number) => !known.has(number) && !(Number.isInteger(number) && number <= counts)).map(String);
    const emails = [...output.matchAll(/[^\s"'(),;:]+@[^\s"'(),;:]+/g)]
      .map(([email]) => email.replace(/\.$/, ""))
      .filter((email) => !input.includes(email));
    const names = [...output.matchAll(/\b[A-Z][a-z]{2,}\b/g)]
      .map(([name]) => name)
      .filter((name) => !input.includes(name) && !TEMPLATE.has(name));
    return [...figures, ...emails, ...names];
  }

  test("every number, name and address is in the input or counts it, and the answer is the same again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 30 }),
        task,
        fc.boolean(),
        fc.boolean(),
        async (rows, said, asks, isPlain) => {
          const data: JsonValue = rows;
          const kind: ModelTask = said.startsWith("Summ")
            ? "summarize"
            : said.startsWith("Class")
              ? "classify"
              : said.startsWith("Extr")
                ? "extract"
                : "generate";
          const input = JSON.stringify(data);
          const request: Partial<ModelRequest> = {
            ...(isPlain ? { messages: [{ role: "user", content: `${said}\n\n${input}` }] } : { facts: { kind, task: said, data } }),
            ...(asks ? { outputSchema: schema } : {}),
          };
          const first = await ask(request);
          const found = inventions(first.text.replaceAll("\\n", "\n"), `${said} ${input}`, rows.length);
          expect({ found, text: first.text }).toEqual({ found: [], text: first.text });
          expect((await ask(request)).text).toBe(first.text);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("no input makes it fail", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.string({ maxLength: 200 }),
        fc.constantFrom<ModelTask>("summarize", "generate", "classify", "extract", "decide"),
        async (data, said, kind) => {
          expect((await ask({ facts: { kind, task: said, data } })).finishReason).toBe("stop");
          expect((await prompt(`${said}\n\n${JSON.stringify(data)}`)).isOffline).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
