// The reducers of texts, one per payload type. Those of JSON and tables stand elsewhere.
import type { Reducer } from "../types.ts";
import { base64Reducer } from "./base64.ts";
import { codeReducer } from "./code.ts";
import { diffReducer } from "./diff.ts";
import { emailReducer } from "./email.ts";
import { htmlReducer } from "./html.ts";
import { logReducer } from "./log.ts";
import { markdownReducer } from "./markdown.ts";
import { proseReducer } from "./prose.ts";
import { stackTraceReducer } from "./stackTrace.ts";
import { transcriptReducer } from "./transcript.ts";
import { xmlReducer } from "./xml.ts";

export const TEXT_REDUCERS: readonly Reducer[] = [
  htmlReducer,
  xmlReducer,
  emailReducer,
  logReducer,
  diffReducer,
  stackTraceReducer,
  codeReducer,
  markdownReducer,
  transcriptReducer,
  base64Reducer,
  proseReducer,
];
