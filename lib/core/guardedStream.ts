// `fetch` with the guard of guardedFetch.ts for protocols that must read an answer as it comes (server-sent events). Follows no redirect.
import { Agent, fetch as undiciFetch } from "undici";
import { AddressGuard, type AddressGuardOptions } from "./addressGuard.ts";
import { AppError } from "./errors.ts";
import { createPinnedConnector } from "./pinnedConnector.ts";

export interface GuardedStreamOptions extends AddressGuardOptions {
  /** Decoded bytes of one answer; reading beyond fails with `OUTPUT_TOO_LARGE`. */
  readonly maxBytes: number;
}

export type StreamFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface GuardedStreamClient extends AsyncDisposable {
  /** Rejects with the guard's `ADDRESS_FORBIDDEN` as the cause, as `fetch` wraps all that a connection throws. */
  readonly fetch: StreamFetch;
}

const CONNECT_TIMEOUT_MS = 10_000;
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Opens no connection until the first request. */
export function createGuardedStream({ maxBytes, ...guarding }: GuardedStreamOptions): GuardedStreamClient {
  const connect = createPinnedConnector(new AddressGuard(guarding), { timeoutMs: CONNECT_TIMEOUT_MS });
  // No time limits of its own: a stream may rest for as long as its reader's signal allows.
  const dispatcher = new Agent({ connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
  return {
    fetch: async (url, init = {}) => {
      // The library's types and the platform's describe the same thing and are not assignable to each other.
      const request = { ...init, redirect: "manual", dispatcher } as unknown as Parameters<typeof undiciFetch>[1];
      const response = (await undiciFetch(url, request)) as unknown as Response;
      if (response.body === null || BODILESS.has(response.status)) return response;
      const { status, statusText, headers } = response;
      return new Response(response.body.pipeThrough(limit(maxBytes, new URL(url))), { status, statusText, headers });
    },
    [Symbol.asyncDispose]: async () => dispatcher.destroy(),
  };
}

function limit(maxBytes: number, { origin, pathname }: URL): TransformStream<Uint8Array, Uint8Array> {
  let total = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      total += chunk.byteLength;
      if (total <= maxBytes) controller.enqueue(chunk);
      else {
        const message = `${origin}${pathname}: the answer is larger than ${maxBytes} bytes; reading stopped at ${total}`;
        controller.error(new AppError("OUTPUT_TOO_LARGE", message, { details: { expected: `at most ${maxBytes} bytes` } }));
      }
    },
  });
}
