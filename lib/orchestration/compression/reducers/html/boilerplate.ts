// Says how much an element looks like page furniture (menus, banners, share bars), by tag, role, class and id. It sees one element, no page.
import type { Attributes } from "../scanMarkup.ts";

/** 0: content, as far as the element tells. 2: furniture by meaning. 3: never text for a reader. */
export type Furniture = 0 | 2 | 3;

const INVISIBLE = new Set(
  "script style svg noscript template iframe object embed canvas map audio video select datalist input textarea math head link meta source picture".split(
    " ",
  ),
);
const FURNITURE_TAGS = new Set(["nav", "aside", "dialog", "menu"]);
/** What a page puts in an aside because it must not be missed. */
const CALLOUT_NAMES = new Set("callout note notice warning caution danger alert important attention tip admonition infobox".split(" "));
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
    "navbar nav navigation menu submenu footer masthead toolbar login signin skip skiplink sitemap topbar tags taglist trending popular widget widgets hidden visuallyhidden " +
    "legal disclaimer copyright followus teaser teasers upsell crosssell backtotop print printonly"
  ).split(" "),
);
const COMMENT_NAMES = new Set("comment comments commentlist disqus respond reply replies reactions discussion".split(" "));
/** Classes such as `with-sidebar` and `sidebar-layout` speak of the page around. */
const LAYOUT_NAMES = new Set("with has no without layout grid page left right open closed enabled disabled".split(" "));
const ROOT_TAGS = new Set(["html", "body", "main", "article"]);
const LONGEST_NAMES = 200;

/** Classes and id, each as its words. */
function names(attributes: Attributes): string[][] {
  const text = `${attributes.get("class") ?? ""} ${attributes.get("id") ?? ""}`.slice(0, LONGEST_NAMES).trim();
  if (text.length < 2) return [];
  return text.split(/\s+/).map((name) =>
    name
      .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .split(/[^a-z]+/),
  );
}

function isHidden(attributes: Attributes): boolean {
  if (attributes.has("hidden") || attributes.get("aria-hidden") === "true") return true;
  const style = attributes.get("style");
  return style !== undefined && /display ?: ?none|visibility ?: ?hidden/i.test(style);
}

/** `comments` is furniture of an article, but the content of a forum. */
export type NamedFurniture = "furniture" | "comments" | undefined;

/** What class, id and tag call an element; whether that is right shows on the whole page only. */
export function namedFurniture(tag: string, attributes: Attributes): NamedFurniture {
  if (ROOT_TAGS.has(tag)) return undefined;
  if (tag === "button" || tag === "footer") return "furniture";
  const all = names(attributes);
  if (all.some((words) => words.some((word) => COMMENT_NAMES.has(word)))) return "comments";
  const isNamed = all.some((words) => words.some((word) => FURNITURE_NAMES.has(word)) && !words.some((word) => LAYOUT_NAMES.has(word)));
  return isNamed ? "furniture" : undefined;
}

/** What an element is by tag, role and visibility, whatever it is called. */
export function furnitureOf(tag: string, attributes: Attributes): Furniture {
  if (INVISIBLE.has(tag)) return 3;
  if (attributes.size > 0 && isHidden(attributes)) return 3;
  const role = attributes.get("role");
  if (tag === "aside" && (role === "note" || names(attributes).some((words) => words.some((word) => CALLOUT_NAMES.has(word))))) return 0;
  if (FURNITURE_TAGS.has(tag)) return 2;
  return role !== undefined && !ROOT_TAGS.has(tag) && FURNITURE_ROLES.has(role) ? 2 : 0;
}
