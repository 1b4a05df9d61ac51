// What detection says of a text.
import type { PayloadType } from "../types.ts";

export interface DetectedType {
  readonly type: PayloadType;
  /** 0–1: how sure the evidence makes it. */
  readonly confidence: number;
}
