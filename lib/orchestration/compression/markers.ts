// Markers: what stands in a view where something was cut. Written here only, and content cannot fake them.
import type { MarkerWriter } from "./types.ts";

const OPENING = "[…";
/** What the content's own opening becomes: another bracket, so that no text gets longer by it. */
const HARMLESS = "(…";

/** A writer for one view; it remembers what it wrote, so that the view can be checked against it. */
export class Markers implements MarkerWriter {
  readonly #written = new Set<string>();

  marker(text: string): string {
    // A marker is one line, and ends at its first bracket.
    const marker = `${OPENING} ${text.replaceAll(/[\r\n]+/g, " ").replaceAll("]", ")")}]`;
    this.#written.add(marker);
    return marker;
  }

  escape(text: string): string {
    return text.includes(OPENING) ? text.replaceAll(OPENING, HARMLESS) : text;
  }

  /** True when everything in the view that looks like a marker was written here. */
  areTrueIn(view: string): boolean {
    for (let at = view.indexOf(OPENING); at !== -1; at = view.indexOf(OPENING, at + 1)) {
      const end = view.indexOf("]", at);
      if (end === -1 || !this.#written.has(view.slice(at, end + 1))) return false;
    }
    return true;
  }
}
