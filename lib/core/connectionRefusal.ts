// Tells a connection that never came about from one that broke: only the first proves that nothing was accepted.

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
