// Long texts inside of data (a page, a mail, a log in a field) go through the reducer of their own type. Data inside of data stays.
import { detectPayloadType } from "../../detect.ts";
import type { ReduceContext } from "../../types.ts";
import { TEXT_REDUCERS } from "../textReducers.ts";

const LONG_TEXT = 400;
const SURE = 0.6;
const LARGEST_TEXT = 200_000;
/** Characters of long texts that are looked at in one document; the rest stays as it is. */
const MOST_CHARS = 2_000_000;

/** Shortens the long texts of one document, within one bound of time for all of them. */
export class LongTexts {
  readonly #context: ReduceContext;
  #left = MOST_CHARS;
  /** Who lays a document out asks for a text's view, and for the text shortened where the view does not fit. */
  #last: { readonly text: string; readonly view: string | null } | null = null;

  constructor(context: ReduceContext) {
    this.#context = context;
  }

  /** The level 1 view of a long text; the text itself where it is short or nothing is gained. */
  shorten(text: string): string {
    return this.viewOf(text) ?? text;
  }

  /** The level 1 view of a long text, with markers of its own; null where it is short or nothing is gained. */
  viewOf(text: string): string | null {
    if (text.length < LONG_TEXT || text.length > LARGEST_TEXT) return null;
    if (this.#last?.text !== text) this.#last = { text, view: this.#reduced(text) };
    return this.#last.view;
  }

  #reduced(text: string): string | null {
    if (text.length > this.#left) return null;
    this.#left -= text.length;
    const { type, confidence } = detectPayloadType(text);
    if (confidence < SURE || type === "prose") return null;
    const { counter, mark } = this.#context;
    const reduction = TEXT_REDUCERS.find(({ types }) => types.includes(type))?.reduce(text, { counter, mark, level: 1 }) ?? null;
    if (reduction === null) return null;
    const view = reduction.render(new Set(reduction.units.keys()));
    return view.length < text.length ? view : null;
  }
}
