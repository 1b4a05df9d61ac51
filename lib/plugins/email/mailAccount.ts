// What a stored connection says of a mail account: servers, logins, sender. Opens no connection and quotes no value of it.
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { compileSchema, describeDefects } from "../compileSchema.ts";
import type { Secret } from "../types.ts";
import { type MailAddress, parseAddress } from "./mailAddress.ts";

/** `tls`: from the first byte; `starttls`: required before the login; `none`: for loopback addresses only. */
const security = z.enum(["tls", "starttls", "none"]).default("tls");

const login = {
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).optional(),
  security,
  user: z.string().min(1).max(500).optional(),
  password: z.string().min(1).max(10_000).optional(),
  /** PEM of authorities to trust instead of the system's. */
  ca: z.string().max(100_000).optional(),
};

const accountSchema = z.strictObject({
  from: z.string().min(3).max(500),
  smtp: z.strictObject(login).optional(),
  imap: z.strictObject(login).optional(),
  /** Absent: the folder that the server marks as the one for sent mail, else "Sent". */
  sentFolder: z.string().min(1).max(500).optional(),
  /**
   * Who puts sent mail into that folder. `server`: it does by itself; `client`: we do, after the mail was accepted;
   * `none`: nobody.
   */
  sentCopies: z.enum(["server", "client", "none"]).default("client"),
});

const accountText = compileSchema(accountSchema, "a mail account");

export type MailServerSettings = NonNullable<z.output<typeof accountSchema>["smtp"]>;
export interface MailAccount extends Omit<z.output<typeof accountSchema>, "from"> {
  /** Of the connection. */
  readonly name: string;
  readonly from: MailAddress;
}

/** @throws AppError `CONNECTION_INVALID` naming the fields, never their values */
export function openAccount(secret: Secret): MailAccount {
  let content: unknown;
  try {
    content = JSON.parse(secret.reveal());
  } catch {
    // Without the cause: messages of JSON.parse quote what they read.
    throw invalid(secret.name, "it is not JSON");
  }
  const checked = accountText.check(content);
  // Without `got`: what stands in a wrong field may be the password of another.
  if (!checked.ok) throw invalid(secret.name, describeDefects(checked.defects.map(({ path, message }) => ({ path, message }))));
  const account = checked.value as z.output<typeof accountSchema>;
  const from = parseAddress(account.from);
  if (from === null) throw invalid(secret.name, "from: expected name@host or Name <name@host>");
  return { ...account, name: secret.name, from };
}

export function requireServer(account: MailAccount, kind: "smtp" | "imap"): MailServerSettings {
  const settings = account[kind];
  if (settings !== undefined) return settings;
  throw invalid(account.name, `it has no ${kind} server`);
}

function invalid(name: string, fault: string): AppError {
  return new AppError("CONNECTION_INVALID", `connection "${name}" does not hold a usable mail account: ${fault}`, {
    details: { field: "connection", expected: "JSON with from, smtp, imap", accepted: "no" },
    hint: "docs/how-to/plugins.md, section Mail, shows what it holds",
  });
}
