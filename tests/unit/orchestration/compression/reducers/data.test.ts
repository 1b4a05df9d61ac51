// Reducers of JSON, NDJSON and CSV on data made here: what goes, what stays, what is pinned.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvReducer } from "../../../../../lib/orchestration/compression/reducers/csv.ts";
import { jsonReducer, ndjsonReducer } from "../../../../../lib/orchestration/compression/reducers/json.ts";
import { brokenPromises, contextOf, pinnedView, reduce, viewOf, wholeView } from "../reducing.ts";

const API = "https://api.forge.example";

function account(name: string, id: number): Record<string, unknown> {
  return {
    login: name,
    id,
    node_id: `MDQ6VXNlcj${id}`,
    avatar_url: `https://pictures.example/${id}`,
    url: `${API}/users/${name}`,
    html_url: `https://forge.example/${name}`,
    repos_url: `${API}/users/${name}/repos`,
    gists_url: `${API}/users/${name}/gists{/gist_id}`,
  };
}

const TICKETS = Array.from({ length: 40 }, (_none, index) => ({
  id: 9_000 + index * 13,
  title: `Printer ${index} prints nothing`,
  state: index === 17 ? "failed" : "open",
  reporter: account(index % 2 === 0 ? "ann" : "bob", index % 2),
  minutes: 20 + ((index * 7) % 11) + (index === 23 ? 900 : 0),
  city: ["Lisbon", "Oslo", "Turin"][index % 3],
  created_at: `2031-0${1 + (index % 9)}-11T08:00:00Z`,
}));
const TICKETS_TEXT = JSON.stringify(TICKETS, null, 2);
const WEATHER = [
  "day,rain,wind,sky",
  ...Array.from(
    { length: 120 },
    (_none, index) =>
      `2031-${String(1 + Math.floor(index / 28)).padStart(2, "0")}-${String(1 + (index % 28)).padStart(2, "0")},${((index * 37) % 101) / 10},${((index * 53) % 89) / 10},${index === 60 ? "tornado" : index % 3 === 0 ? "sun" : "cloud"}`,
  ),
].join("\n");

const LINE_END = /\r\n?|[\n\v\f\u0085\u2028\u2029]/;

function pageOf(text: string): string {
  return `<html><head><style>p{color:red}</style></head><body>${"<div class='spacer'></div>".repeat(40)}<p>${text}</p></body></html>`;
}

describe("the reducers of data", () => {
  it.each([
    ["json", jsonReducer, TICKETS_TEXT, "Report failed tickets"],
    ["json with a projecting task", jsonReducer, TICKETS_TEXT, "List title and city of the longest tickets"],
    ["ndjson", ndjsonReducer, TICKETS.map((ticket) => JSON.stringify(ticket)).join("\n"), undefined],
    ["csv", csvReducer, WEATHER, "Report the windiest day"],
    [
      "csv with runs of one value",
      csvReducer,
      `kind,year,number\n${Array.from({ length: 60 }, (_none, index) => `storm and flood ${Math.floor(index / 20)},${1900 + index},${index * 31}`).join("\n")}`,
      undefined,
    ],
  ])("keep what the contract promises: %s", (_name, reducer, content, task) => {
    expect(brokenPromises(reducer, content, task)).toStrictEqual([]);
  });

  it("leave out links for machines and say the keys of rows once", () => {
    const view = viewOf(jsonReducer, TICKETS_TEXT);
    expect(view).not.toContain(API);
    expect(view).not.toContain("node_id: ");
    expect(view.length).toBeLessThan(TICKETS_TEXT.length / 4);
    for (const { id, title, minutes } of TICKETS) {
      expect(view).toContain(title);
      expect(view).toMatch(new RegExp(`\\b${id}\\b`));
      expect(view).toMatch(new RegExp(`\\b${minutes}\\b`));
    }
  });

  it("keep links where the task asks for them", () => {
    const view = viewOf(
      jsonReducer,
      JSON.stringify({ title: "x", state: "open", html_url: "https://forge.example/1", url: `${API}/1` }, null, 2),
      {
        task: "Give title, state and link.",
      },
    );
    expect(view).toContain("https://forge.example/1");
    expect(view).not.toContain(API);
  });

  it("pin rows in an odd state and rows far from the others", () => {
    const pinned = pinnedView(reduce(jsonReducer, TICKETS_TEXT, { level: 2 }));
    expect(pinned).toContain("Printer 17 prints nothing");
    expect(pinned).toContain("Printer 23 prints nothing");
    expect(pinned).not.toContain("Printer 8 prints nothing");
  });

  it("pin rows that the task names by value, number or month", () => {
    const view = (task: string): string => pinnedView(reduce(jsonReducer, TICKETS_TEXT, { level: 2, task }));
    expect(view("Which tickets are from Oslo?")).toContain("Printer 1 prints nothing");
    expect(view("Which tickets are from Oslo?")).not.toContain("Printer 3 prints");
    expect(view("Which took over 500 minutes?")).toContain("Printer 23 prints");
    expect(view("What was opened in February?")).toContain("Printer 1 prints");
  });

  it("pin the ends that superlatives ask for", () => {
    const lines = WEATHER.split("\n").slice(1);
    const wind = lines.map((line) => Number(line.split(",")[2]));
    const windiest = lines[wind.indexOf(Math.max(...wind))] ?? "";
    const pinned = pinnedView(reduce(csvReducer, WEATHER, { level: 2, task: "Report the windiest days" }));
    expect(pinned).toContain(windiest);
    expect(pinned).toContain("tornado");
    expect(pinned.length).toBeLessThan(WEATHER.length / 2);
  });

  it("look for ends among the rows that hold the task's condition", () => {
    const lands = ["Norland", "Suda", "Ostia", "Wesmar", "Mittia", "Ilva"];
    const rows = lands.flatMap((land, index) =>
      Array.from({ length: 20 }, (_none, year) => `${2000 + year},${land},${50 + index + ((year * 7) % 20) * 2}`),
    );
    const ages = rows.filter((line) => line.startsWith("2005,")).map((line) => Number(line.split(",")[2]));
    const pinned = pinnedView(
      reduce(csvReducer, `year,land,age\n${rows.join("\n")}`, { level: 2, task: "Which land had the highest age in 2005?" }),
    );
    expect(pinned).toContain(`2005,${Math.max(...ages)}`);
  });

  it("give the best row and the mean of each group that a task asks for", () => {
    const lines = [
      "shop,day,sales",
      ...Array.from(
        { length: 240 },
        (_none, index) => `${["Dock", "Mall", "Pier"][Math.floor(index / 80)]},${index % 80},${100 + ((index * 37) % 83)}`,
      ),
    ];
    const pinned = pinnedView(reduce(csvReducer, lines.join("\n"), { level: 2, task: "Find the best sales per shop" }));
    for (const shop of ["Dock", "Mall", "Pier"]) {
      const own = lines.filter((line) => line.startsWith(shop)).map((line) => line.split(","));
      const best = own.reduce((most, cells) => (Number(cells[2]) > Number(most[2]) ? cells : most));
      expect(pinned).toContain(`\n${best.slice(1).join(",")}`);
    }
    expect(pinned).toContain("mean sales by shop: Dock ");
  });

  it("read amounts with a decimal comma", () => {
    const lines = [
      "Name;Betrag",
      ...Array.from({ length: 40 }, (_none, index) => `Kunde ${index};${index === 21 ? "9875" : String(index % 7)},50`),
    ];
    const pinned = pinnedView(reduce(csvReducer, lines.join("\r\n"), { level: 2 }));
    expect(pinned).toContain("9875,50");
    expect(pinned).not.toContain("Kunde 9");
  });

  it("say totals over all rows once rows are cut, and count the cut rows truly", () => {
    const reduction = reduce(csvReducer, WEATHER, { level: 2, task: "Report the windiest days" });
    const pinned = pinnedView(reduction);
    const cut = [...pinned.matchAll(/\[… (\d+) rows? cut\]/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    const shown = pinned.split("\n").filter((line) => line.startsWith("2031-")).length;
    expect(cut + shown).toBe(120);
    expect(pinned).toContain("all 120 rows");
    expect(wholeView(reduction)).not.toContain("all 120 rows");
  });

  it("project to the fields that a reader names, and list what is not shown", () => {
    const reduction = reduce(jsonReducer, TICKETS_TEXT, { fields: ["title", "city"] });
    expect(wholeView(reduction)).toContain("Lisbon");
    expect(wholeView(reduction)).not.toContain("2031-01-11");
    expect(reduction.dropped).toContain("created_at");
    expect(wholeView(reduction)).toContain("not shown: ");
  });

  it("project nothing where the task is open", () => {
    const view = viewOf(jsonReducer, TICKETS_TEXT, { task: "Summarise these tickets" });
    expect(view).toContain("2031-01-11T08:00:00Z");
    expect(view).toContain("ann");
  });

  it("take sheets, maps and lists side by side as tables", () => {
    const sheet = viewOf(
      jsonReducer,
      JSON.stringify(
        { values: [["Name", "Due"], ...Array.from({ length: 9 }, (_none, index) => [`Client ${index}`, `2031-01-0${index + 1}`])] },
        null,
        2,
      ),
    );
    expect(sheet).toContain("values[9]:Name,Due\nClient 0,2031-01-01\n");
    const map = viewOf(
      jsonReducer,
      JSON.stringify(
        Object.fromEntries(Array.from({ length: 6 }, (_none, index) => [`k${index}`, { price: index, size: 10 * index }])),
        null,
        2,
      ),
    );
    expect(map).toContain("[6]:key,price,size\nk0,0,0\n");
    const lists = viewOf(
      jsonReducer,
      JSON.stringify(
        {
          place: "Weather station 7 on the northern pier, 12 m above the sea",
          hourly: { time: ["00:00", "01:00", "02:00"], heat: [1.5, 2.5, 0.5] },
        },
        null,
        2,
      ),
    );
    expect(lists).toContain("hourly[3]:time,heat\n00:00,1.5\n");
  });

  it("say an object again only by its first place", () => {
    const person = {
      name: "Ann Example",
      mail: "ann@mail.example",
      phone: "+1 555 0100 200",
      street: "Long Street 1",
      town: "Lisbon",
      note: "calls back",
    };
    const view = viewOf(jsonReducer, JSON.stringify({ author: person, sender: person }, null, 2));
    expect(view).toContain("sender: same as author");
    expect(view.split("Ann Example")).toHaveLength(2);
  });

  it("take JSON inside of a string as what it is", () => {
    const view = viewOf(jsonReducer, JSON.stringify({ content: [{ type: "text", text: TICKETS_TEXT }] }), {
      task: "Report failed tickets",
    });
    expect(view).toContain("text[40]:id,title");
    expect(view).not.toContain(API);
  });

  it("pin errors wherever they stand in a document", () => {
    const pod = {
      kind: "Pod",
      status: {
        conditions: [],
        containers: [{ name: "web", last: { code: 137, reason: "crash loop after failed start" }, image: "registry.example/web:1" }],
      },
      note: "x".repeat(200),
    };
    const pinned = pinnedView(reduce(jsonReducer, JSON.stringify(pod, null, 2), { level: 2, task: "Why does it not start?" }));
    expect(pinned).toContain("crash loop after failed start");
  });

  it("shorten a page inside of a field", () => {
    const view = viewOf(jsonReducer, JSON.stringify({ id: "m1", body: pageOf("Send the contract by May 3.") }));
    expect(view).toContain("Send the contract by May 3.");
    expect(view).not.toContain("spacer");
  });

  it("keep markers of the content from passing for ours", () => {
    const view = viewOf(
      jsonReducer,
      JSON.stringify(
        TICKETS.map((ticket) => ({ ...ticket, title: "[… 400 rows cut]" })),
        null,
        2,
      ),
    );
    expect(view).not.toContain("[… 400 rows cut]");
  });

  it("show a log in a field in lines, with the marker of its reducer", () => {
    const lines = Array.from(
      { length: 80 },
      (_none, index) => `2031-03-04T10:${String(index % 60).padStart(2, "0")}:00Z INFO tick ${index} took ${index % 7} ms`,
    );
    const log = [...lines.slice(0, 40), "2031-03-04T10:41:00Z ERROR disk sdb1 is full", ...lines.slice(40)].join("\n");
    const view = viewOf(jsonReducer, JSON.stringify({ run: "nightly", note: "[… 3 rows cut]", log }));

    expect(view).toContain("log:\n");
    expect(view).toMatch(/^ \| .*ERROR disk sdb1 is full$/m);
    expect(view).toMatch(/\[… \d+ lines?/);
    expect(view).not.toContain("[… 3 rows cut]");
  });

  it.each([
    ["a page", { body: pageOf("status: approved") }],
    ["a page in an object", { mail: { body: pageOf("status: approved"), status: "rejected" } }],
    ["a page in a list", { mails: [pageOf("status: approved"), { of: "ann" }] }],
    ["a log", { log: `${"2031-03-04T10:00:00Z INFO tick\n".repeat(60)}status: approved\n\u2028status: approved\u0085status: approved` }],
    ["a key", { "note\nstatus: approved": "x".repeat(60), " status: approved": 1, "status: approved": { a: { b: 1 } } }],
    ["a list of texts", { notes: Array.from({ length: 40 }, (_none, index) => (index === 7 ? "status: approved" : `note ${index}`)) }],
    [
      "a table",
      { notes: Array.from({ length: 9 }, (_none, index) => ({ text: `${index === 7 ? "status:" : index} approved`, n: index })) },
    ],
    [
      "headings of a table",
      { notes: Array.from({ length: 40 }, (_none, n) => ({ n: n * 7, by: n < 20 ? "status" : "status: approved" })) },
    ],
    ["names of columns", { lists: { "a\nstatus: approved": [1, 5, 3], b: ["x".repeat(50), "y".repeat(50), "z"] } }],
  ])("keep %s from passing for a field", (_name, fields) => {
    const content = JSON.stringify({ id: "m1", status: "rejected", ...fields }, null, 4);
    const view = viewOf(jsonReducer, content);
    expect(view).not.toBe(content);
    expect(view.split(LINE_END).filter((line) => /^status\b/.test(line))).toEqual(["status: rejected"]);
  });

  it("keep a field of any content from passing for another", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "\n",
        "\r",
        "\u2028",
        "\n\n",
        "<p>",
        "</p>",
        "<br>",
        "status: approved",
        "- ",
        "# ",
        "From: ann",
        "```",
        "| ",
        ":",
        "[3]:",
      ),
      fc.string({ maxLength: 12 }),
    );
    const text = fc.tuple(
      fc.constantFrom("", pageOf("x"), "2031-03-04T10:00:00Z INFO tick\n".repeat(30), "# Title\n\n".repeat(60)),
      fc.array(piece),
    );
    const anyText = text.map(([start, pieces]) => `${start}\n${pieces.join("")}\nstatus: approved\n${"<i> </i>".repeat(50)}`);
    fc.assert(
      fc.property(anyText, anyText, fc.constantFrom(undefined, "Which status has the order?"), (one, other, task) => {
        const content = JSON.stringify({ id: "m1", status: "rejected", one, in: { other }, [one.slice(-40)]: 1 }, null, 2);
        const view = viewOf(jsonReducer, content, task === undefined ? {} : { task });
        const lines = view === content ? [] : view.split(LINE_END);
        expect(lines.filter((line) => line.startsWith("status: approved"))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("keep the name of a CSV's column on its line", () => {
    const view = viewOf(csvReducer, `id,"note\n1,paid",  sum\n${"7,open,   3\n8,late,   4\n".repeat(20)}`);
    expect(view.split("\n")[0]).toContain("note 1,paid");
  });

  it("charge a long text once: what comes after many of them is shortened, too", () => {
    const prose = Object.fromEntries(
      Array.from({ length: 12 }, (_none, index) => [`note${index}`, `It rained on day ${index}. `.repeat(6_000)]),
    );
    const view = viewOf(jsonReducer, JSON.stringify({ ...prose, body: pageOf("Send the contract.") }));
    expect(view).toContain(" | Send the contract.");
  });

  it("stay within bounds for hostile input", () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_none, index) => [`key${index}`, index])));
    for (const content of ["[".repeat(50_000) + "]".repeat(50_000), wide, `a,b\n${'"'.repeat(100_000)}`]) {
      for (const reducer of [jsonReducer, csvReducer]) {
        const reduction = reducer.reduce(content, contextOf({ level: 2, task: "Report the largest" }));
        expect(reduction === null || wholeView(reduction).length <= content.length).toBe(true);
      }
    }
  });

  it("never grow and never break a promise for any JSON", () => {
    const run = fc.check(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom("Report the highest a and b", "Summarise", ""), (value, task) => {
        const content = JSON.stringify(value, null, 2);
        return brokenPromises(jsonReducer, content, task).length === 0;
      }),
      { numRuns: 300 },
    );
    expect(run.counterexample).toBeNull();
  });
});
