// Long texts inside of data (a page, a mail, a log in a field) go through the reducer of their own type. Data inside of data stays as it is.
import { detectPayloadType } from "../../detect.ts";
import type { ReduceContext } from "../../types.ts";
import { TEXT_REDUCERS } from "../textReducers.ts";

const LONG_TEXT = 400;
const LARGEST_TEXT = 200_000;

/** The level 1 view of a long text; the text itself where it is short or nothing is gained. */
export function reduceLongText(text: string, context: ReduceContext): string {
  if (text.length < LONG_TEXT || text.length > LARGEST_TEXT) return text;
  const { type, confidence } = detectPayloadType(text);
  if (confidence < 0.6 || type === "prose") return text;
  const reducer = TEXT_REDUCERS.find(({ types }) => types.includes(type));
  const reduction = reducer?.reduce(text, { counter: context.counter, level: 1, mark: context.mark });
  if (reduction === undefined || reduction === null) return text;
  const view = reduction.render(new Set(reduction.units.keys()));
  return view.length < text.length ? view : text;
}
