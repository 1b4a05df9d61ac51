// The reducers of data, one per payload type. Those of texts stand in textReducers.ts.
import type { Reducer } from "../types.ts";
import { csvReducer } from "./csv.ts";
import { jsonReducer, ndjsonReducer } from "./json.ts";

export const DATA_REDUCERS: readonly Reducer[] = [jsonReducer, ndjsonReducer, csvReducer];
