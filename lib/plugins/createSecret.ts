// A credential that cannot be printed, logged or stored by accident.
import { inspect } from "node:util";
import type { Secret } from "./types.ts";

const SHOWN = "[secret]";

/** @param hosts that may receive it (`api.example.com`, `.example.com` for subdomains); empty = any */
export function createSecret(name: string, text: string, hosts: readonly string[] = []): Secret {
  return new HiddenSecret(name, text, hosts);
}

class HiddenSecret implements Secret {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly #text: string;

  constructor(name: string, text: string, hosts: readonly string[]) {
    this.name = name;
    this.hosts = hosts;
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
