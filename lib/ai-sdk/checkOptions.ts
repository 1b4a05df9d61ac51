// What `govern` is given, checked: options that make no sense, tools that no limit can cover.
import { AppError } from "../core/errors.ts";
import { SystemLedger } from "./SystemLedger.ts";
import type { GovernOptions } from "./types.ts";

/** The error of a call under a limit that offers a tool which the provider runs itself. */
export function unboundedTool(name: string): AppError {
  return new AppError("PRICE_UNKNOWN", `the tool ${name} is run by the provider: what it reads and charges is in no worst case`, {
    details: { got: `provider tool ${name} under a limit` },
    hint: "run the tool in your own process, or govern without limits",
  });
}

/** @throws AppError `INPUT_INVALID` */
export function checkOptions({ maxOutputTokens, price, ledger, limits, system, mode }: GovernOptions): void {
  if (ledger !== undefined && limits !== undefined) {
    throw new AppError("INPUT_INVALID", "govern takes limits or a shared ledger, not both: the ledger has the limits");
  }
  if (ledger !== undefined && system !== undefined) {
    throw new AppError(
      "INPUT_INVALID",
      "govern takes a system or a shared ledger, not both: make the ledger with `new SystemLedger(system, …)`",
    );
  }
  if (mode === "observe" && (system !== undefined || ledger instanceof SystemLedger)) {
    throw new AppError("INPUT_INVALID", "govern cannot observe with a system: its limits hold for every call that is booked there", {
      details: { field: "mode" },
      hint: "observe without `system` first, then switch it on",
    });
  }
  if (maxOutputTokens !== undefined && !(Number.isSafeInteger(maxOutputTokens) && maxOutputTokens > 0)) {
    throw new AppError("INPUT_INVALID", `maxOutputTokens must be a whole number above 0, got ${maxOutputTokens}`, {
      details: { field: "maxOutputTokens" },
    });
  }
  const wrong = Object.entries(price ?? {}).find(([, usd]) => typeof usd !== "number" || !Number.isFinite(usd) || usd < 0);
  if (wrong !== undefined) {
    throw new AppError("INPUT_INVALID", `price.${wrong[0]} must be a number of at least 0, got ${String(wrong[1])}`, {
      details: { field: `price.${wrong[0]}` },
    });
  }
}
