// Where a mail server is reached and how its line is secured. Opens no connection itself.
import type { ConnectionOptions } from "node:tls";
import ipaddr from "ipaddr.js";
import type { AddressGuard } from "../../core/addressGuard.ts";
import { findErrorCode, isConnectionRefusal, isTlsFailure } from "../../core/connectionRefusal.ts";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { maskSecretText } from "../../core/redaction.ts";
import type { MailServerSettings } from "./mailAccount.ts";

const DEFAULT_PORTS = { smtp: { tls: 465, starttls: 587, none: 25 }, imap: { tls: 993, starttls: 143, none: 143 } } as const;
const MAX_REPLY_CHARACTERS = 300;
/** What says that nobody answers at one address. */
const UNREACHED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
  "CONNECT_TIMEOUT",
]);

export interface MailServer {
  readonly kind: "smtp" | "imap";
  /** As the account names it, for messages and certificates. */
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls" | "none";
  /** The very addresses that were judged: looking the name up again could give others. At least one. */
  readonly addresses: readonly string[];
  readonly tls: ConnectionOptions;
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** @throws AppError `ADDRESS_FORBIDDEN` for a private address that the operator does not allow, and for no TLS beyond loopback */
export async function locateServer(guard: AddressGuard, kind: "smtp" | "imap", settings: MailServerSettings): Promise<MailServer> {
  const { host, security, user, password, ca } = settings;
  const port = settings.port ?? DEFAULT_PORTS[kind][security];
  const addresses = await lookUp(guard, { kind, host, port });
  if (addresses.length === 0) throw unreachable(`${kind} server ${host}:${port} has no address`, undefined);
  if (security === "none" && !addresses.every(isLoopback)) {
    throw new AppError("ADDRESS_FORBIDDEN", `${kind} server ${host}:${port} is not on this machine, so its line must be secured`, {
      details: { field: `${kind}.security`, expected: "tls | starttls", got: "none", accepted: "no" },
      hint: "set `security` of the stored mail account to tls or starttls",
    });
  }
  return {
    kind,
    host,
    port,
    security,
    addresses,
    tls: { minVersion: "TLSv1.2", ...(ipaddr.isValid(host) ? { host } : { servername: host }), ...(ca !== undefined && { ca }) },
    login: user === undefined || password === undefined ? null : { user, password },
  };
}

async function lookUp(guard: AddressGuard, { kind, host, port }: Pick<MailServer, "kind" | "host" | "port">): Promise<readonly string[]> {
  try {
    return await guard.resolve(host, port);
  } catch (error) {
    if (AppError.is(error)) throw error;
    throw unreachable(`${kind} server ${host}:${port} cannot be found (${findErrorCode(error) ?? "no code"})`, error);
  }
}

function isLoopback(address: string): boolean {
  return ipaddr.process(address).range() === "loopback";
}

function unreachable(message: string, cause: unknown): AppError {
  return new AppError("UPSTREAM_UNAVAILABLE", message, { cause, details: { accepted: "no" } });
}

/** What a server said, for messages and outputs: one line, cut, without the login even if the server repeats it. */
export function shownReply(text: string, { login }: Pick<MailServer, "login">): string {
  let shown = text;
  if (login !== null) {
    const { user, password } = login;
    for (const secret of [password, base64(password), base64(`\0${user}\0${password}`)]) shown = shown.replaceAll(secret, "[masked]");
  }
  return maskSecretText(shown.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " "))
    .trim()
    .slice(0, MAX_REPLY_CHARACTERS);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** At one address after the other until one is reached: a name may have one of a network that is not there. */
export async function atFirstReached<T>(
  { addresses }: MailServer,
  signal: AbortSignal,
  attempt: (address: string) => Promise<T>,
): Promise<T> {
  for (const address of addresses.slice(0, -1)) {
    try {
      return await attempt(address);
    } catch (error) {
      if (signal.aborted || !AppError.is(error) || error.details["isReached"] !== false) throw error;
    }
  }
  return attempt(addresses.at(-1) ?? "");
}

export interface ServerFailure {
  readonly accepted: "no" | "maybe";
  /** Said before the error's own text, for example `while the message was sent`. */
  readonly when: string;
  readonly isLogin?: boolean;
  readonly details?: JsonObject;
}

/** An error of a mail library as one of ours; the library's own is not kept, since it may hold the conversation. */
export function toServerError(thrown: unknown, server: MailServer, { accepted, when, isLogin = false, details }: ServerFailure): AppError {
  const said = shownReply(thrown instanceof Error ? thrown.message : String(thrown), server);
  const code = originalCode(thrown);
  const place = `${server.kind} server ${server.host}:${server.port}`;
  const isUnreached = accepted === "no" && code !== undefined && UNREACHED.has(code);
  const original = Object.assign(new Error("", { cause: thrown }), { code });
  const isRejected = isLogin || code === "ETLS" || isTlsFailure(original);
  const kind = isRejected ? "UPSTREAM_REJECTED" : "UPSTREAM_UNAVAILABLE";
  return new AppError(kind, `${place}, ${when}: ${said}${code === undefined ? "" : ` (${code})`}`, {
    details: { ...details, ...(isUnreached && { isReached: false }), accepted: isConnectionRefusal(original) ? "no" : accepted },
    ...(isLogin && { hint: "check user and password of the stored mail account" }),
  });
}

/** The SMTP library puts a name of its own over what Node said. */
function originalCode(thrown: unknown): string | undefined {
  const original: unknown = thrown instanceof Error && "originalCode" in thrown ? thrown.originalCode : undefined;
  return typeof original === "string" ? original : findErrorCode(thrown);
}
