// Web pages of DIR/payloads against @mozilla/readability: recall of the pages' questions, and tokens. The peers are installed in bench/ only.
import { row, type Row } from "../measure.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { withoutTags } from "./baselines.ts";
import { percent, readPayloads, scoreView, type Payload } from "./payloads.ts";
import type { Compress } from "./subject.ts";

type ToArticle = (html: string) => { readonly markdown: string; readonly text: string };

const INSTALL_HINT = "html_*: run `npm ci --prefix bench` once to install @mozilla/readability, linkedom and turndown beside the bench";

export async function measureHtml(
  folder: string,
  counter: TokenCounter,
  compress: Compress,
): Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }> {
  const toArticle = await loadReadability();
  if (toArticle === undefined)
    return { rows: [row("html_recall_delta", null, "share"), row("html_tokens_ratio", null, "ratio")], table: [INSTALL_HINT] };
  const pages = (await readPayloads(folder)).filter(({ kind }) => kind === "html");
  const views = new Map<string, string[]>();
  for (const { content, task } of pages) {
    const { markdown, text } = toArticle(content);
    const { view } = await compress({ content, task });
    for (const [method, one] of [
      ["ours", view],
      ["readability, Markdown", markdown],
      ["readability, plain text", text],
      ["tags stripped", withoutTags(content)],
    ] as const)
      views.set(method, [...(views.get(method) ?? []), one]);
  }
  const results = new Map([...views].map(([method, list]) => [method, score(counter, pages, list)]));
  const ours = results.get("ours") ?? { recall: Number.NaN, tokens: Number.NaN };
  // The stronger opponent: what recalls more, of two alike the shorter one.
  const [theirs = ours] = [results.get("readability, Markdown"), results.get("readability, plain text")]
    .filter((one) => one !== undefined)
    .sort((left, right) => right.recall - left.recall || left.tokens - right.tokens);
  return {
    rows: [
      row("html_recall_delta", ours.recall - theirs.recall, "share", { goal: ">= 0", baseline: theirs.recall }),
      row("html_tokens_ratio", ours.tokens / theirs.tokens, "ratio", { goal: "<= 1", baseline: theirs.tokens }),
    ],
    table: [
      `web pages (${pages.length})              recall   tokens`,
      ...[...results].map(([method, { recall, tokens }]) => `  ${method.padEnd(26)} ${percent(recall)}  ${String(tokens).padStart(6)}`),
    ],
  };
}

function score(
  counter: TokenCounter,
  pages: readonly Payload[],
  views: readonly string[],
): { readonly recall: number; readonly tokens: number } {
  const scores = pages.map((page, index) => scoreView(counter, page, views[index] ?? ""));
  const asked = scores.reduce((sum, one) => sum + one.asked, 0);
  return {
    recall: scores.reduce((sum, one) => sum + one.found, 0) / Math.max(1, asked),
    tokens: views.reduce((sum, view) => sum + counter.count(view), 0),
  };
}

interface ParsedArticle {
  readonly title?: string | null;
  readonly byline?: string | null;
  readonly publishedTime?: string | null;
  readonly content?: string | null;
  readonly textContent?: string | null;
}

interface Packages {
  readonly readability: {
    readonly Readability: new (document: unknown) => {
      parse(): ParsedArticle | null;
    };
  };
  readonly linkedom: { parseHTML(html: string): { readonly document: unknown } };
  readonly turndown: { readonly default: new () => { turndown(html: string): string } };
}

async function importByName(name: string): Promise<unknown> {
  return import(name);
}

/** Names are not literals, because the type checker of the project does not see what only the bench installs. */
async function loadReadability(): Promise<ToArticle | undefined> {
  try {
    const { Readability } = (await importByName("@mozilla/readability")) as Packages["readability"];
    const linkedom = (await importByName("linkedom")) as Packages["linkedom"];
    const { default: Turndown } = (await importByName("turndown")) as Packages["turndown"];
    return (html) => {
      const article = new Readability(linkedom.parseHTML(html).document).parse();
      // Whatever it found for a reader: our views have title, author and date, too.
      const head = [article?.title, article?.byline, article?.publishedTime].filter((part) => (part ?? "") !== "").join("\n");
      const text = (article?.textContent ?? "")
        .replace(/[ \t]+/g, " ")
        .replace(/ ?\n\s*/g, "\n")
        .trim();
      return { markdown: `${head}\n\n${new Turndown().turndown(article?.content ?? "")}`, text: `${head}\n\n${text}` };
    };
  } catch {
    return undefined;
  }
}
