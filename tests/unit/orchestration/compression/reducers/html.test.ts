// Pages of shops, newspapers and forums, made for these tests: what a reader came for stays, the furniture goes.
import { describe, expect, it } from "vitest";
import { htmlReducer } from "../../../../../lib/orchestration/compression/reducers/html.ts";
import { xmlReducer } from "../../../../../lib/orchestration/compression/reducers/xml.ts";
import { brokenPromises, reduce, viewOf } from "../reducing.ts";

const PARAGRAPHS = Array.from(
  { length: 8 },
  (_, index) =>
    `<p>Paragraph ${index} tells, in some detail, how the harbour of Eastwick was rebuilt after the storm of ${1850 + index}, and what it cost the town.</p>`,
).join("\n");

const ARTICLE = `<!DOCTYPE html><html><head><title>The harbour of Eastwick – Daily</title>
<meta name="description" content="How a town rebuilt its harbour.">
<script type="application/ld+json">{"@type":"NewsArticle","headline":"The harbour of Eastwick","datePublished":"2031-06-25","author":{"@type":"Person","name":"Ada Moor"}}</script>
<style>p { color: red }</style><script>track("page")</script></head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
<div class="cookie-banner">We use cookies to improve your experience. <button>Accept all</button></div>
<main><article><h1>The harbour of Eastwick</h1><div class="meta">Published on: June 25, 2031</div>
${PARAGRAPHS}<h2>What it cost</h2><p>The new mole alone cost <b>21,500 pounds</b>, as the <a href="/records">town records</a> show.</p>
<table><tr><th>Year</th><th>Ships</th></tr><tr><td>1851</td><td>312</td></tr><tr><td>1852</td><td>498</td></tr></table></article></main>
<aside><h3>Related</h3><ul><li><a href="/a">Ten beaches that you must see</a></li></ul></aside>
<div class="newsletter-signup">Get our newsletter every morning, with news, weather, and a crossword for patient people.</div>
<footer>Copyright Daily 2031. All rights reserved.</footer></body></html>`;

const SHOP = `<html><head><title>Lamp Aurora</title><script type="application/ld+json">{"@type":"Product","name":"Lamp Aurora","sku":"LA-77","offers":{"price":"89.90","priceCurrency":"EUR","availability":"https://schema.org/InStock"},"aggregateRating":{"ratingValue":4.6,"reviewCount":212}}</script></head>
<body><div id="page"><h1>Lamp Aurora</h1><span class="price">€ 89.90</span><dl><dt>Height</dt><dd>45 cm</dd><dt>Weight</dt><dd>1.2 kg</dd></dl>
<ul class="specs"><li>LED, 9 W</li><li>Dimmable</li></ul><p hidden>Old price</p></div></body></html>`;

describe("the html reducer", () => {
  it("keeps title, date, author, text and tables of an article and drops its furniture", () => {
    const view = viewOf(htmlReducer, ARTICLE);
    for (const text of ["# The harbour of Eastwick", "June 25, 2031", "Ada Moor", "Paragraph 7", "21,500 pounds", "1852 | 498"])
      expect(view).toContain(text);
    for (const text of ["cookies", "Sport", "Ten beaches", "newsletter", "Copyright", "track(", "color: red"])
      expect(view).not.toContain(text);
  });

  it("says a page's description only where the text does not say it", () => {
    const told = "Seven million tourists and a lighthouse keeper quarrel.";

    expect(viewOf(htmlReducer, ARTICLE)).not.toContain("How a town rebuilt its harbour.");
    expect(viewOf(htmlReducer, ARTICLE.replace("How a town rebuilt its harbour.", told))).toContain(`description: ${told}`);
  });

  it("keeps an aside that is a warning, and drops one that leads elsewhere", () => {
    const warned = (attributes: string): string =>
      ARTICLE.replace("</article>", `<aside ${attributes}>Never moor at the old mole.</aside></article>`);

    for (const attributes of ['role="note"', 'class="callout callout--warning"', 'class="admonition"'])
      expect(viewOf(htmlReducer, warned(attributes))).toContain("Never moor at the old mole.");
    expect(viewOf(htmlReducer, warned('class="promo"'))).not.toContain("Never moor");
  });

  it("drops an article's last section where it only invites to go elsewhere", () => {
    const ended = (title: string): string =>
      ARTICLE.replace("</article>", `<h2>${title}</h2><p>The <a href="/x">whole story</a> awaits you.</p></article>`);

    expect(viewOf(htmlReducer, ended("Explore our archive"))).not.toContain("awaits you");
    expect(viewOf(htmlReducer, ended("Explore our archive"), { task: "List all links" })).toContain("awaits you");
    expect(viewOf(htmlReducer, ended("What the mayor says"))).toContain("awaits you");
  });

  it("gives link targets only when the task asks for links", () => {
    expect(viewOf(htmlReducer, ARTICLE)).not.toContain("/records");
    expect(viewOf(htmlReducer, ARTICLE, { task: "List the links of the article" })).toContain("[town records](/records)");
    expect(viewOf(htmlReducer, ARTICLE, { fields: ["items.url"] })).toContain("(/records)");
  });

  it("keeps prices, facts and specifications of a product", () => {
    const view = viewOf(htmlReducer, SHOP);
    for (const text of ["LA-77", "89.90", "EUR", "InStock", "4.6", "212", "Height: 45 cm", "Weight: 1.2 kg", "LED, 9 W", "Dimmable"])
      expect(view).toContain(text);
    expect(view).not.toContain("Old price");
  });

  it("keeps a page whose only container is named like furniture", () => {
    const view = viewOf(htmlReducer, `<html><body><div class="sidebar">${PARAGRAPHS}</div></body></html>`);
    expect(view).toContain("Paragraph 3");
  });

  it("keeps the answers of a forum where no container holds most of the text", () => {
    const posts = Array.from(
      { length: 6 },
      (_, index) =>
        `<div class="post"><b>user${index}</b><p>Answer ${index}: turn the valve ${index} times to the left and wait for the second green light.</p></div>`,
    ).join("");
    const view = viewOf(htmlReducer, `<html><body><div>${posts}</div></body></html>`);
    for (let index = 0; index < 6; index++) expect(view).toContain(`Answer ${index}`);
    expect(view).toContain("user4");
  });

  it("keeps the layout of code and joins cells of a row", () => {
    const view = viewOf(
      htmlReducer,
      `<html><body><pre>if a:\n  b()\n  c()</pre><table><tr><td><p>x</p><p>y</p></td><td>z</td></tr></table></body></html>`,
    );
    expect(view).toContain("if a:\n  b()\n  c()");
    expect(view).toContain("x; y | z");
  });

  it("says a text once that stands twice for two kinds of screens", () => {
    const view = viewOf(
      htmlReducer,
      `<html><body><p>The same sentence for phones and desks.</p><p>The same sentence for phones and desks.</p></body></html>`,
    );
    expect(view.split("The same sentence").length).toBe(2);
  });

  it("makes headings the parents of what stands below them", () => {
    const reduction = reduce(htmlReducer, ARTICLE);
    const cost = reduction.units.findIndex(({ text }) => text.includes("21,500"));
    expect(reduction.units[reduction.units[cost]?.parent ?? -1]?.text).toBe("## What it cost");
    const row = reduction.units.findIndex(({ text }) => text.startsWith("1852"));
    expect(reduction.units[reduction.units[row]?.parent ?? -1]?.text).toBe("Year | Ships");
  });

  it("leaves text alone that is no markup", () => {
    expect(viewOf(htmlReducer, "# A title\n\nText about <b> tags.")).toBe("# A title\n\nText about <b> tags.");
  });

  it("keeps its promises", () => {
    expect(brokenPromises(htmlReducer, ARTICLE, "What did the mole cost?")).toEqual([]);
    expect(brokenPromises(htmlReducer, SHOP)).toEqual([]);
    expect(brokenPromises(htmlReducer, `<div>${"<p>[… 3 rows cut] is what the attacker wrote here.</p>".repeat(5)}</div>`)).toEqual([]);
  });
});

describe("the xml reducer", () => {
  const FEED = `<?xml version="1.0"?><rss xmlns:media="urn:m"><channel><title>News</title>${Array.from(
    { length: 4 },
    (_, index) =>
      `<item id="${index}"><title>Item ${index}</title><link>https://example.org/${index}</link><description><![CDATA[<p>Text of item ${index}.</p>]]></description><empty/></item>`,
  ).join("\n")}</channel></rss>`;

  it("keeps names, attributes and texts as an outline", () => {
    const view = viewOf(xmlReducer, FEED);
    for (const text of ["item id=3", "title: Item 2", "link: https://example.org/1", "description: Text of item 0."])
      expect(view).toContain(text);
    expect(view).not.toContain("</");
    expect(view).not.toContain("xmlns");
  });

  it("keeps its promises", () => {
    expect(brokenPromises(xmlReducer, FEED, "Which links?")).toEqual([]);
  });
});
