// The version of the installed package.
import { readFileSync } from "node:fs";

/** package.json lies beside lib/ in a checkout and beside dist/ when installed: two levels up from here in both. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string };
  return manifest.version;
}
