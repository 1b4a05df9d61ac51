// Decides to which addresses a request may go, after the name was resolved. Opens no connection (guardedFetch.ts).
import { lookup as dnsLookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";
import { AppError } from "./errors.ts";

/** All addresses of a host name. Injected in tests; production asks the system's resolver. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

export interface AddressGuardOptions {
  /**
   * What the operator allows although it is private: a host as written in URLs (`localhost`, `10.0.0.7`, `[::1]`),
   * with a port (`localhost:3000`), or a range that any name may resolve into (`10.1.0.0/16`).
   */
  readonly allowedPrivateHosts?: readonly string[];
  readonly lookup?: HostLookup;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

export class AddressGuard {
  readonly #hosts = new Set<string>();
  readonly #ranges: Range[] = [];
  readonly #lookup: HostLookup;

  /** @throws AppError `CONFIG_INVALID` for a malformed entry */
  constructor({ allowedPrivateHosts = [], lookup = lookupAll }: AddressGuardOptions) {
    this.#lookup = lookup;
    for (const entry of allowedPrivateHosts) {
      if (entry.includes("/")) this.#ranges.push(parseRange(entry));
      else this.#hosts.add(normalizeEntry(entry));
    }
  }

  /**
   * The addresses that a connection may use. One forbidden address refuses the name: a public address beside a private
   * one is what a rebinding attack looks like.
   *
   * @param hostname as `URL.hostname` gives it, IPv6 with or without brackets
   * @throws AppError `ADDRESS_FORBIDDEN`, and what the resolver throws
   */
  async resolve(hostname: string, port: number): Promise<readonly string[]> {
    const bare = stripBrackets(hostname);
    const addresses = ipaddr.isValid(bare) ? [bare] : await this.#lookup(bare);
    const isAllowedHost = this.#hosts.has(bare) || this.#hosts.has(`${bare}:${port}`);
    for (const address of addresses) {
      if (isAllowedHost || this.#isAllowedAddress(address)) continue;
      throw new AppError("ADDRESS_FORBIDDEN", `${hostname}:${port} is at ${address}, which is ${describeAddress(address)}: refused`, {
        details: { field: "url", expected: "a public address", got: address, accepted: "no" },
      });
    }
    return addresses;
  }

  #isAllowedAddress(text: string): boolean {
    const address = parseAddress(text);
    if (address === undefined) return false;
    return isPublic(address) || this.#ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
  }
}

async function lookupAll(hostname: string): Promise<readonly string[]> {
  const found = await dnsLookup(hostname, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

/** IPv4 inside IPv6 (`::ffff:127.0.0.1`) is judged as the IPv4 address that it reaches. */
function parseAddress(text: string): Address | undefined {
  // A zone id (`fe80::1%eth0`) belongs to link-local addresses, which are refused with or without it.
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast") return false;
  // Only 2000::/3 is handed out; the rest (IPv4-compatible `::7f00:1` among it) is reserved or reaches IPv4 sideways.
  return address.kind() === "ipv4" || (address.toByteArray()[0]! & 0xe0) === 0x20;
}

function describeAddress(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) return "not an IP address";
  return address.range() === "unicast" ? "reserved" : address.range();
}

function parseRange(entry: string): Range {
  try {
    return ipaddr.parseCIDR(entry);
  } catch (cause) {
    throw invalidEntry(entry, cause);
  }
}

/** Through the URL parser, so that an entry is compared in the very form that a request's URL has. */
function normalizeEntry(entry: string): string {
  try {
    const text = ipaddr.IPv6.isValid(entry) ? `[${entry}]` : entry;
    const { hostname, pathname, username } = new URL(`http://${text}`);
    if (pathname !== "/" || username !== "") throw new Error("has a path or user");
    const port = /:(\d+)$/.exec(text.replace(/^\[.*\]/, ""))?.[1];
    const bare = stripBrackets(hostname);
    return port === undefined ? bare : `${bare}:${port}`;
  } catch (cause) {
    throw invalidEntry(entry, cause);
  }
}

function stripBrackets(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function invalidEntry(entry: string, cause: unknown): AppError {
  return new AppError("CONFIG_INVALID", `allowedPrivateHosts: "${entry}" is neither host, host:port nor range such as 10.1.0.0/16`, {
    cause,
    details: { field: "allowedPrivateHosts", got: entry },
  });
}
