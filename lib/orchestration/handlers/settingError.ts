// Says what is wrong with a setting in a step's metadata: every fault with its place. Decides nothing.
import type { z } from "zod";
import { AppError } from "../../core/errors.ts";

/** @param place `metadata.contract` */
export function settingError(step: string, place: string, { issues }: z.ZodError): AppError {
  const faults = issues.map(({ path, message }) => `${[place, ...path].join(".")}: ${message}`);
  return new AppError("WORKFLOW_INVALID", `step ${step}: ${faults.join("; ")}`, { details: { step, field: place, defects: faults } });
}
