// What a model call needs of the attempt around it, and the call in its stages: prepared, then numbered. Types only.
import type { UnitPart } from "../db/UnitPart.ts";
import type { ProviderRegistry } from "../models/ProviderRegistry.ts";
import type { ModelRequest } from "../models/types.ts";
import type { NanoUsd } from "../core/money.ts";
import type { OwnCostKind } from "../orchestration/savings/types.ts";
import type { StepGovernance } from "./governance/StepGovernance.ts";
import type { StepScope } from "./StepScope.ts";
import type { PilotServices } from "./types.ts";

/** What the attempt around a call keeps for it. */
export interface ModelCallHost {
  readonly services: PilotServices;
  readonly scope: StepScope;
  readonly path: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** On the governed path: where calls are compared with what they would have cost. */
  readonly governance?: StepGovernance | undefined;
  nextCall(): number;
  opened(): void;
  add(parts: readonly UnitPart[]): void;
  flush(): Promise<void>;
}

export interface PricedCall {
  readonly provider: string;
  readonly model: string;
}

export interface PreparedCall {
  readonly request: ModelRequest;
  readonly provider: ReturnType<ProviderRegistry["resolve"]>["provider"];
  readonly priced: PricedCall;
  readonly inputTokens: number;
  readonly reservedTokens: number;
  readonly reservedUsd: NanoUsd | null;
  readonly journalMessage: boolean;
  readonly savedInputTokens: number;
  readonly ownCost?: OwnCostKind;
  /** Exact input and predicted output; null: nothing was predicted. */
  readonly allocatedTokens: number | null;
}

export interface NumberedCall extends PreparedCall {
  readonly number: number;
}
