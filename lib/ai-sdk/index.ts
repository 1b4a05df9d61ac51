// `neuronforge/ai-sdk`: governs any AI SDK model in one line.
export { govern } from "./govern.ts";
export { ProcessLedger } from "./ProcessLedger.ts";
export { SystemLedger } from "./SystemLedger.ts";
export type {
  CallEnd,
  CallFacts,
  CallLedger,
  CallRefusal,
  CallReservation,
  GovernableModel,
  GovernDecision,
  GovernedModel,
  GovernLimits,
  GovernMode,
  GovernOptions,
  GovernReceipt,
  LedgerBalance,
  OwnPrice,
  ViewCompressor,
  ViewOptions,
} from "./types.ts";
export { AppError } from "../core/errors.ts";
