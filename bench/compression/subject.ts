// What is measured: something that makes a view of a content. The compressor itself, or a baseline.
import type { CompressedContent } from "../../lib/orchestration/types.ts";

export interface ViewRequest {
  readonly content: string;
  readonly task?: string;
  readonly targetTokens?: number;
  readonly quality?: number;
  readonly level?: 0 | 1 | 2 | 3;
}

export type Compress = (request: ViewRequest) => Promise<CompressedContent>;
