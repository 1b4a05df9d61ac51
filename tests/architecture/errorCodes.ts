// Which codes of the catalogue are really thrown, and which wait for a later phase.
import { ERROR_CATALOGUE } from "../../lib/core/errorCatalogue.ts";
import { textsOf, type SourceFile } from "./sourceTree.ts";

/** Codes that nothing throws yet, with the phase of the plan that brings them. */
export const CODES_TO_COME: Readonly<Record<string, number>> = {};

/** A code counts as thrown where it stands as a text of its own in lib/, the catalogue aside. */
export function findThrownCodes(sources: readonly SourceFile[]): ReadonlySet<string> {
  const thrown = new Set<string>();
  for (const { path, program } of sources) {
    if (path === "lib/core/errorCatalogue.ts") continue;
    for (const { text } of textsOf(program)) if (Object.hasOwn(ERROR_CATALOGUE, text)) thrown.add(text);
  }
  return thrown;
}

/** @returns faults; empty is good */
export function checkCodes(
  codes: readonly string[],
  thrown: ReadonlySet<string>,
  toCome: Readonly<Record<string, number>>,
): readonly string[] {
  return [
    ...codes
      .filter((code) => !thrown.has(code) && toCome[code] === undefined)
      .map((code) => `${code} is thrown nowhere in lib/: throw it, take it out, or list it with its phase in CODES_TO_COME`),
    ...Object.keys(toCome)
      .filter((code) => thrown.has(code))
      .map((code) => `${code} is thrown: take it out of CODES_TO_COME`),
    ...Object.keys(toCome)
      .filter((code) => !codes.includes(code))
      .map((code) => `${code} is in CODES_TO_COME, but not in the catalogue`),
  ];
}
