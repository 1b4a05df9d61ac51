// Connects to the very address that was checked: a second look-up at connect time could give another one (DNS rebinding).
import { buildConnector } from "undici";
import type { AddressGuard } from "./addressGuard.ts";

export interface PinnedConnectorOptions {
  readonly timeoutMs: number;
  /** PEM of authorities to trust instead of the system's; undefined = the system's. */
  readonly certificateAuthorities?: readonly string[] | undefined;
}

export function createPinnedConnector(guard: AddressGuard, options: PinnedConnectorOptions): buildConnector.connector {
  const { timeoutMs, certificateAuthorities } = options;
  const base = buildConnector({
    allowH2: false,
    timeout: timeoutMs,
    ...(certificateAuthorities !== undefined && { ca: [...certificateAuthorities] }),
  });
  return (options, callback) => {
    const port = Number(options.port || (options.protocol === "https:" ? 443 : 80));
    const connect: Connect = (hostname, done) => base({ ...options, hostname, port: String(port) }, done);
    void resolveAndConnect(guard.resolve(options.hostname, port), connect, callback);
  };
}

type Connect = (address: string, done: buildConnector.Callback) => void;

async function resolveAndConnect(
  resolving: Promise<readonly string[]>,
  connect: Connect,
  callback: buildConnector.Callback,
): Promise<void> {
  let addresses: readonly string[];
  try {
    addresses = await resolving;
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), null);
    return;
  }
  connectToFirst(addresses, connect, callback);
}

/** One after the other: a host that answers on IPv4 only is reached although IPv6 was named first. */
function connectToFirst(addresses: readonly string[], connect: Connect, callback: buildConnector.Callback): void {
  const [address, ...others] = addresses;
  if (address === undefined) {
    callback(Object.assign(new Error("the name has no address"), { code: "ENOTFOUND" }), null);
    return;
  }
  connect(address, (...result) => {
    if (result[0] !== null && others.length > 0) connectToFirst(others, connect, callback);
    else callback(...result);
  });
}
