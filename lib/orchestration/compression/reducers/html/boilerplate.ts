// Says how much an element looks like page furniture (menus, banners, share bars), by tag, role, class and id. It sees one element, no page.
import type { Attributes } from "../scanMarkup.ts";

/** 0: content. 1: probably furniture (by name). 2: furniture (by meaning). 3: never text for a reader. */
export type Furniture = 0 | 1 | 2 | 3;

const INVISIBLE = new Set(
  "script style svg noscript template iframe object embed canvas map audio video select datalist input textarea math head link meta source picture".split(
    " ",
  ),
);
const FURNITURE_TAGS = new Set(["nav", "aside", "dialog", "menu"]);
const FURNITURE_ROLES = new Set([
  "navigation",
  "banner",
  "contentinfo",
  "complementary",
  "search",
  "dialog",
  "alertdialog",
  "menu",
  "menubar",
  "toolbar",
  "tablist",
]);
const FURNITURE_NAMES = new Set(
  (
    "cookie cookies consent gdpr ccpa onetrust newsletter subscribe subscription signup paywall share sharing sharebar social socials related recommended recommendations " +
    "recirc sidebar sidebars rail promo promos promotion advert advertisement ads ad sponsor sponsored outbrain taboola breadcrumb breadcrumbs pagination pager popup modal overlay " +
    "navbar nav navigation menu submenu footer masthead toolbar disqus login signin skip skiplink sitemap topbar tags taglist trending popular widget widgets hidden visuallyhidden " +
    "legal disclaimer copyright comments commentlist respond followus teaser teasers upsell crosssell backtotop print printonly"
  ).split(" "),
);
/** Names that say the element is the content, whatever else they hold. */
const CONTENT_NAMES = new Set("article content main body post entry story product text document page wrapper container".split(" "));
const LONGEST_NAMES = 200;

function names(attributes: Attributes): string[] {
  const text = `${attributes.get("class") ?? ""} ${attributes.get("id") ?? ""}`.slice(0, LONGEST_NAMES);
  if (text.length < 2) return [];
  return text
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
}

function isHidden(attributes: Attributes): boolean {
  if (attributes.has("hidden") || attributes.get("aria-hidden") === "true") return true;
  const style = attributes.get("style");
  return style !== undefined && /display ?: ?none|visibility ?: ?hidden/i.test(style);
}

/** What an element is, apart from its surroundings. */
export function furnitureOf(tag: string, attributes: Attributes): Furniture {
  if (INVISIBLE.has(tag)) return 3;
  if (attributes.size > 0 && isHidden(attributes)) return 3;
  if (FURNITURE_TAGS.has(tag)) return 2;
  if (tag === "body" || tag === "html" || tag === "main" || tag === "article") return 0;
  const role = attributes.get("role");
  if (role !== undefined && FURNITURE_ROLES.has(role)) return 2;
  if (tag === "button" || tag === "footer") return 1;
  const words = names(attributes);
  return words.some((word) => FURNITURE_NAMES.has(word)) && !words.some((word) => CONTENT_NAMES.has(word)) ? 1 : 0;
}
