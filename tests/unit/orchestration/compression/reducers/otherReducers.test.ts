// Diffs, stack traces, code, Markdown, prose and binary data, written for these tests.
import { describe, expect, it } from "vitest";
import { base64Reducer } from "../../../../../lib/orchestration/compression/reducers/base64.ts";
import { codeReducer } from "../../../../../lib/orchestration/compression/reducers/code.ts";
import { diffReducer } from "../../../../../lib/orchestration/compression/reducers/diff.ts";
import { markdownReducer } from "../../../../../lib/orchestration/compression/reducers/markdown.ts";
import { proseReducer } from "../../../../../lib/orchestration/compression/reducers/prose.ts";
import { splitSentences } from "../../../../../lib/orchestration/compression/reducers/splitSentences.ts";
import { stackTraceReducer } from "../../../../../lib/orchestration/compression/reducers/stackTrace.ts";
import { closed, contextOf, cutCounts, brokenPromises, pinnedView, reduce, viewOf } from "../reducing.ts";

const CONTEXT = Array.from({ length: 6 }, (_, index) => ` const same${index} = ${index};`);
const DIFF = [
  "diff --git a/src/cart.ts b/src/cart.ts",
  "index 12ab34c..56de78f 100644",
  "--- a/src/cart.ts",
  "+++ b/src/cart.ts",
  "@@ -10,14 +10,14 @@ export function total(cart: Cart) {",
  ...CONTEXT,
  "-  return sum(cart);",
  "+  return sum(cart) * 1.19;",
  ...CONTEXT,
  "+// end",
  "-// END",
  "diff --git a/package-lock.json b/package-lock.json",
  "--- a/package-lock.json",
  "+++ b/package-lock.json",
  "@@ -1,3 +1,40 @@",
  ' "a": 1,',
  ...Array.from({ length: 37 }, (_, index) => `+    "dep${index}": "1.0.${index}",`),
  ' "b": 2,',
  ' "c": 3,',
].join("\n");

describe("the diff reducer", () => {
  it("keeps every changed line, with one line around it, as true hunks", () => {
    const view = viewOf(diffReducer, DIFF);
    for (const line of DIFF.split("\n").filter((line) => /^[+-]/.test(line) && !line.includes("dep"))) expect(view).toContain(line);
    expect(view).toContain(
      "@@ -15,3 +15,3 @@ export function total(cart: Cart) {\n const same5 = 5;\n-  return sum(cart);\n+  return sum(cart) * 1.19;\n const same0 = 0;",
    );
    expect(view).toContain("@@ -22,2 +22,2 @@");
    expect(view).not.toContain("same3");
  });

  it("folds lock files into a line that says how much changed", () => {
    expect(viewOf(diffReducer, DIFF)).toContain("generated: +37 -0");
    expect(viewOf(diffReducer, DIFF)).not.toContain("dep7");
    expect(viewOf(diffReducer, DIFF, { task: "What changed in `package-lock.json`?", level: 2 })).toContain("dep7");
  });

  it("takes a removed line with dashes for no file", () => {
    const view = viewOf(
      diffReducer,
      [
        "--- a",
        "+++ b",
        "@@ -1,9 +1,8 @@",
        ...CONTEXT,
        "--- old comment",
        " x",
        " y",
        "--- c",
        "+++ d",
        "@@ -1,8 +1,8 @@",
        ...CONTEXT,
        "-1",
        "+2",
        " z",
      ].join("\n"),
    );
    expect(view).toContain("--- old comment");
    expect(view.match(/^@@/gm)?.length).toBe(2);
  });

  it("keeps its promises", () => {
    expect(brokenPromises(diffReducer, DIFF, "What changed in the cart?")).toEqual([]);
  });
});

describe("the stack trace reducer", () => {
  const TRACE = `Exception in thread "main" java.lang.IllegalStateException: Could not load order 4711
\tat com.acme.orders.OrderService.load(OrderService.java:88)
\tat com.acme.orders.OrderController.get(OrderController.java:41)
\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:190)
\tat java.base/java.lang.Thread.run(Thread.java:834)
Caused by: java.sql.SQLTimeoutException: query timed out after 30000 ms
\tat org.postgresql.core.v3.QueryExecutorImpl.execute(QueryExecutorImpl.java:340)
\tat org.apache.commons.dbcp2.DelegatingStatement.execute(DelegatingStatement.java:194)
\tat com.acme.db.Repository.find(Repository.java:52)
\t... 12 more`;

  it("keeps the chain, its messages and the program's frames; counts those of libraries", () => {
    const view = viewOf(stackTraceReducer, TRACE);
    for (const text of [
      "order 4711",
      "OrderController.java:41",
      "timed out after 30000 ms",
      "Repository.java:52",
      "[… 2 frames of libraries]",
    ])
      expect(view).toContain(text);
    expect(view).not.toMatch(/springframework|dbcp2|Thread\.run/);
    expect(pinnedView(reduce(stackTraceReducer, TRACE))).toContain("Caused by: java.sql.SQLTimeoutException");
  });

  it("keeps the source line with a Python frame and folds recursion", () => {
    const frame = '  File "walk.py", line 7, in walk\n    walk(node.left)\n';
    const view = viewOf(
      stackTraceReducer,
      `Traceback (most recent call last):\n  File "main.py", line 3, in <module>\n    walk(root)\n${frame.repeat(30)}RecursionError: maximum recursion depth exceeded`,
    );
    expect(view).toContain("walk(root)");
    expect(view.split("walk(node.left)").length).toBe(2);
    expect(view).toContain("[… 29 frames of libraries]");
    expect(view).toContain("RecursionError");
  });

  it("keeps its promises", () => {
    expect(brokenPromises(stackTraceReducer, TRACE)).toEqual([]);
  });
});

describe("the code reducer", () => {
  const CODE = `import { a } from "./a.ts";
import { b } from "./b.ts";

/**
 * Adds tax to a price.
 * The rate comes from the country.
 * It is never negative.
 */
export function addTax(price: number, country: string): number {
  const rate = rates.get(country) ?? 0.19;

  return price * (1 + rate);
}

export class Cart {
  total(): number {
    return this.items.reduce((sum, item) => sum + item.price, 0);
  }
}
`;

  it("keeps code and shortens long comments to their first line", () => {
    const view = viewOf(codeReducer, CODE);
    expect(view).toContain("/** Adds tax to a price. */\nexport function addTax");
    expect(view).toContain("return price * (1 + rate);");
    expect(view).not.toContain("never negative");
  });

  it("puts a body below its signature, so that one can be had with the other", () => {
    const reduction = reduce(codeReducer, CODE);
    const body = reduction.units.findIndex(({ text }) => text.includes("1 + rate"));
    const view = reduction.render(closed(reduction, [body]));
    expect(view).toContain("export function addTax");
    expect(view).not.toContain("class Cart");
    expect(cutCounts(view).length).toBe(2);
  });

  it("leaves a text in quotes as it stands, blank lines and all", () => {
    const python =
      'QUERY = """\nSELECT 1\n\n\nFROM x\n"""\n\n\ndef run():\n    """Runs it.\n\n    Long story.\n    More.\n    """\n    return QUERY\n';
    const view = viewOf(codeReducer, python);
    expect(view).toContain('"""\nSELECT 1\n\n\nFROM x\n"""');
    expect(view).toContain('""" Runs it. """');
    expect(view).not.toContain("Long story");
  });

  it("keeps its promises", () => {
    expect(brokenPromises(codeReducer, CODE, "How is tax added?")).toEqual([]);
  });
});

describe("the markdown reducer", () => {
  const PAGE = `# Lamp\n\n[![build](https://img.shields.io/x.svg)](https://ci.example.org)\n\n<!-- internal note -->\n\n- [Use](#use)\n- [Limits](#limits)\n- [Licence](#licence)\n\n## Use\n\nRead the [manual](https://example.org/manual) first.\n\n\`\`\`sh\nlamp --on [x](y)\n\`\`\`\n\n## Limits\n\n| Watt | Volt |\n| --- | --- |\n| 9 | 230 |\n\n* one\n* two\n`;

  it("drops comments, badges, contents and link targets, and keeps headings, tables and code", () => {
    const view = viewOf(markdownReducer, PAGE);
    for (const text of ["# Lamp", "Read the manual first.", "lamp --on [x](y)", "| 9 | 230 |", "* two"]) expect(view).toContain(text);
    for (const text of ["shields.io", "internal note", "(#use)", "example.org/manual"]) expect(view).not.toContain(text);
  });

  it("takes tags of HTML out of the text, but not out of code", () => {
    const view = viewOf(
      markdownReducer,
      '<p align="center"><img src="a.svg" alt="A lamp on a desk"></p>\n\n# Lamp\n\nPress <kbd>F1</kbd> if x < 3 or y > 4.\n\n```html\n<p>kept</p>\n```\n',
    );
    expect(view).toBe("A lamp on a desk\n\n# Lamp\n\nPress F1 if x < 3 or y > 4.\n\n```html\n<p>kept</p>\n```");
  });

  it("keeps link targets when the task asks for links", () => {
    expect(viewOf(markdownReducer, PAGE, { task: "Give the link to the manual" })).toContain("[manual](https://example.org/manual)");
  });

  it("keeps the heading above what is kept", () => {
    const reduction = reduce(markdownReducer, PAGE);
    const row = reduction.units.findIndex(({ text }) => text.includes("230"));
    const view = reduction.render(closed(reduction, [row]));
    expect(view).toContain("## Limits");
    expect(view).toContain("| Watt | Volt |");
    expect(view).not.toContain("## Use");
  });

  it("keeps its promises", () => {
    expect(brokenPromises(markdownReducer, PAGE, "Which voltage?")).toEqual([]);
  });
});

describe("the base64 reducer", () => {
  it("tells kind, size and hash and shows nothing of the data", () => {
    const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(300, 7)]);
    const view = viewOf(base64Reducer, png.toString("base64"));
    expect(view).toMatch(/^\[… image\/png, 308 bytes, sha256 [0-9a-f]{12}\]$/);
    expect(viewOf(base64Reducer, `data:application/pdf;base64,${Buffer.alloc(200).toString("base64")}`)).toContain(
      "application/pdf, 200 bytes",
    );
    expect(viewOf(base64Reducer, `-----BEGIN CERTIFICATE-----\n${"MIIDdzCCAl7".repeat(20)}\n-----END CERTIFICATE-----`)).toContain(
      "certificate",
    );
    expect(brokenPromises(base64Reducer, png.toString("hex"))).toEqual([]);
  });
});

describe("the prose reducer", () => {
  const TEXT =
    "The harbour was built in 1850.  It has two basins.\n\n\n\nDr. Moor, who lives at St. Mary's, paid approx. 5.2 million for it. Was it worth it? Nobody knows.";

  it("makes sentences units and marks each gap with a true count", () => {
    const reduction = reduce(proseReducer, TEXT);
    expect(reduction.units.map(({ text }) => text)).toEqual([
      "The harbour was built in 1850.",
      "It has two basins.",
      "Dr. Moor, who lives at St. Mary's, paid approx. 5.2 million for it.",
      "Was it worth it?",
      "Nobody knows.",
    ]);
    expect(reduction.render(new Set([0, 3]))).toBe("The harbour was built in 1850.\n[… 2 sentences cut] Was it worth it? [… 1]");
  });

  it("returns all sentences at level 2 even where level 1 gains nothing", () => {
    expect(proseReducer.reduce("One sentence. Two sentences.", contextOf({ level: 1 }))).toBeNull();
    expect(proseReducer.reduce("One sentence. Two sentences.", contextOf({ level: 2 }))?.units.length).toBe(2);
  });

  it("keeps its promises", () => {
    expect(brokenPromises(proseReducer, TEXT, "Who paid?")).toEqual([]);
  });
});

describe("splitSentences", () => {
  it("ends no sentence at abbreviations, initials, numbers or addresses", () => {
    for (const text of [
      "See Fig. 3 and J. Doe et al. for details of v1.2.3.",
      "He came at 5 p.m. on Jan. 3 from example.org today.",
      "1. First do this and that.",
      "It cost e.g. 3.50 euros.",
    ])
      expect(splitSentences(text)).toEqual([text]);
  });

  it("ends sentences at marks of other scripts and before quotes", () => {
    expect(splitSentences("東京は日本の首都です。人口は多いです！本当？")).toEqual([
      "東京は日本の首都です。",
      "人口は多いです！",
      "本当？",
    ]);
    expect(splitSentences('"Stop!" he said. "Why?" she asked.')).toEqual(['"Stop!" he said.', '"Why?" she asked.']);
  });
});
