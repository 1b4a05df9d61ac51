// Tasks about texts: changelogs, guides, the same guides as web pages, generated logs, mails and meetings. Asked: details of what the task is about.
import type { SeededRandom } from "../random.ts";
import { sectionsOf, sentencesOf, paragraphsOf, type Document, type Section } from "./corpus.ts";
import { incidentCase, mailCase, meetingCase, startupCase } from "./inventedCases.ts";
import type { Case } from "./types.ts";

const ATOM = /`[^`\n]{3,40}`|\b[0-9a-f]{7,10}\b|\b\d[\d.]*\d\b|#\d{2,6}|\b[a-z]+[A-Z]\w+\b/g;
const MAX_CHARS = 24_000;
/** Pages of two sentences are no articles. */
const MIN_PAGE_PARAGRAPHS = 6;

export function textCases(documents: readonly Document[], count: number, random: SeededRandom): readonly Case[] {
  const changelogs = documents.filter(({ source, text }) => /changelog/i.test(source) && releasesOf(text).length >= 8);
  const guides = documents.filter(({ source, text }) => !/changelog/i.test(source) && text.length >= 3_000 && sectionsOf(text).length >= 3);
  const articles = guides.filter(({ text }) => paragraphsOf(text).length >= MIN_PAGE_PARAGRAPHS);
  return Array.from({ length: count }, (_, index) => {
    const kind = index % 9;
    if (kind === 0) return changelogCase(random.pick(changelogs), random);
    if (kind === 1 || kind === 2) return sectionCase(random.pick(guides), random);
    if (kind === 3 || kind === 7) return pageCase(random.pick(articles), random);
    if (kind === 8) return mailCase(random, index);
    if (kind === 4) return incidentCase(random, index);
    return kind === 5 ? startupCase(random, index) : meetingCase(random, index);
  }).filter((made) => made.answers.length > 0);
}

function changelogCase({ source, text }: Document, random: SeededRandom): Case {
  const sections = releasesOf(text);
  const from = random.below(Math.max(1, sections.length - 10));
  const chosen = sections.slice(from, from + 10 + random.below(15));
  const content = join(chosen);
  const [asked = { heading: "", body: "" }] = random.sample(
    chosen.filter(({ body }) => atomsOf(body, content).length >= 2),
    1,
  );
  return {
    source,
    content,
    task: random.pick([`What changed in ${asked.heading}? List the changes with their references.`, `What changed in ${asked.heading}?`]),
    answers: random.sample(atomsOf(asked.body, content), 5).map((atom) => [atom]),
    family: "changelog",
  };
}

function releasesOf(text: string): readonly Section[] {
  return sectionsOf(text, "second").filter(({ heading }) => /^\[?v?\d/.test(heading));
}

function sectionCase({ source, text }: Document, random: SeededRandom): Case {
  const content = text.slice(0, MAX_CHARS);
  const [asked = { heading: "", body: "" }] = random.sample(
    sectionsOf(content).filter(({ body }) => atomsOf(body, content).length >= 2),
    1,
  );
  return {
    source,
    content,
    task: random.pick([
      `Explain ${asked.heading} for the team, with the names that one has to type.`,
      `What does the guide say about ${asked.heading}?`,
      `Summarise the part on ${asked.heading}.`,
    ]),
    answers: random.sample(atomsOf(asked.body, content), 5).map((atom) => [atom]),
    family: "guide",
  };
}

/** The text of a guide inside the furniture of a web page. Everything of the article is asked about. */
function pageCase({ source, text }: Document, random: SeededRandom): Case {
  const paragraphs = paragraphsOf(text).slice(0, 40);
  const title = /^title: (.+)$/m.exec(text)?.[1] ?? /^# (.+)$/m.exec(text)?.[1] ?? source;
  const content = `<!DOCTYPE html><html><head><title>${escape(title)}</title><style>.a{color:#123}.b{margin:0 4px}</style><script>window.x={a:1,b:[1,2,3]}</script></head>
<body><header><nav><ul>${links(18, "topic")}</ul></nav></header><main><article><h1>${escape(title)}</h1>
${paragraphs.map((paragraph) => `<p class="text-base leading-7">${escape(paragraph)}</p>`).join("\n")}
</article><aside><h2>Related</h2><ul>${links(9, "related")}</ul></aside></main>
<footer><ul>${links(12, "legal")}</ul><p>All rights reserved. Cookie settings.</p></footer><script>track("page")</script></body></html>`;
  const sentences = paragraphs.flatMap(sentencesOf);
  const atoms = random.sample(sentences, 14).flatMap((sentence) => atomsOf(sentence, content).slice(0, 1));
  return {
    source,
    content,
    task: `Summarise the page "${title}" with its main points.`,
    answers: atoms.map((atom) => [atom]),
    family: "page",
  };
}

function links(count: number, kind: string): string {
  const item = (index: number): string => `<li><a href="/${kind}/${index}?ref=nav" class="nav-link nav-${index}">${kind} ${index}</a></li>`;
  return Array.from({ length: count }, (_, index) => item(index)).join("");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function join(sections: readonly Section[]): string {
  return sections.map(({ heading, body }) => `## ${heading}\n\n${body}`).join("\n\n");
}

/** What the content says once only, so that finding it means that this place was kept. */
function atomsOf(text: string, content: string): readonly string[] {
  const found = (text.match(ATOM) ?? []).map((atom) => atom.replace(/^`|`$/g, "")).filter((atom) => atom.length >= 3);
  return [...new Set(found)].filter((atom) => content.split(atom).length === 2);
}
