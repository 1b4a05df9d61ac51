// JSON and NDJSON reducer: noise of APIs out, what the task names kept, arrays of alike values as tables. Exact forms are lossless.ts's.
import { documentOf } from "../lossless.ts";
import type { PayloadType, ReduceContext, Reducer, Reduction } from "../types.ts";
import { cleanNode } from "./data/cleanNode.ts";
import { dataReduction } from "./data/dataReduction.ts";
import { layDocument } from "./data/layDocument.ts";
import { fieldNames } from "./data/fieldNames.ts";
import { dataTermsOf, termsFor } from "./data/taskTerms.ts";

/** Larger documents are left to the exact forms. */
const LARGEST_CHARS = 16_000_000;

function reducerOf(type: PayloadType): Reducer["reduce"] {
  return (content: string, context: ReduceContext): Reduction | null => {
    if (context.level === 0 || content.length > LARGEST_CHARS) return null;
    const node = documentOf(content);
    if (node === null) return null;
    const asked = dataTermsOf(context);
    const cleaned = cleanNode(node, asked);
    if (cleaned.node === null) return null;
    const terms = termsFor(asked, fieldNames(cleaned.node));
    const { units, dropped } = layDocument(cleaned.node, context, terms);
    return dataReduction(content, { type, units, dropped: [...dropped, ...cleaned.dropped.keys()] }, context);
  };
}

export const jsonReducer: Reducer = { types: ["json"], reduce: reducerOf("json") };
export const ndjsonReducer: Reducer = { types: ["ndjson"], reduce: reducerOf("ndjson") };
