// Tells what proves that the other side took nothing (no connection, a refusing status) from what proves nothing.

const REFUSALS: ReadonlySet<string> = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EAI_NONAME",
  "ENODATA",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Node passes on OpenSSL's names of what is wrong with a certificate. */
const TLS_FAILURE = /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA)/;

export function isTlsFailure(error: unknown): boolean {
  return someCause(error, (code) => TLS_FAILURE.test(code));
}

/** True when the other side certainly took nothing: no name, no route, no listener, no trusted certificate. */
export function isConnectionRefusal(error: unknown): boolean {
  return someCause(error, (code) => REFUSALS.has(code) || TLS_FAILURE.test(code));
}

/** The first error code along the causes, for messages. */
export function findErrorCode(error: unknown): string | undefined {
  let found: string | undefined;
  someCause(error, (code) => {
    found = code;
    return true;
  });
  return found;
}

/** Libraries wrap: the telling code may sit two causes down, or in an AggregateError of one attempt per address. */
function someCause(error: unknown, test: (code: string) => boolean, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 5) return false;
  if ("code" in error && typeof error.code === "string" && test(error.code)) return true;
  if (error instanceof AggregateError && error.errors.length > 0 && error.errors.every((inner) => someCause(inner, test, depth + 1)))
    return true;
  return someCause(error.cause, test, depth + 1);
}

/** 408: a proxy may have passed the request on. 409: an earlier try under the same key may be at work, or have succeeded. */
const UNCERTAIN_STATUS: ReadonlySet<number> = new Set([408, 409]);

/** A status by which the other side says that it did not do it. */
export function isRefusingStatus(status: number): boolean {
  return status >= 400 && status < 500 && !UNCERTAIN_STATUS.has(status);
}
