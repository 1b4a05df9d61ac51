import { createServer } from "node:net";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../lib/core/clock.ts";
import { parseAddress } from "../../../../lib/plugins/email/mailAddress.ts";
import { FileJail } from "../../../../lib/plugins/files/FileJail.ts";
import { hashedIdempotencyKey } from "../../../../lib/plugins/idempotencyKey.ts";
import { createEmailPlugin } from "../../../../lib/plugins/builtin/email.ts";
import { withMailbox } from "../../../../lib/plugins/email/openMailbox.ts";
import { submitMail } from "../../../../lib/plugins/email/submitMail.ts";
import type { ActionContext } from "../../../../lib/plugins/types.ts";
import { callOf, dataOf, errorOf, executorOf } from "../executorOf.ts";
import { openTestFolder } from "../openTestFolder.ts";
import { ImapPeer } from "./ImapPeer.ts";
import { LETTER, mailExecutor, smtpAccount, storedAccounts, verdictOf } from "./mailWorld.ts";
import { type Deed, type Moment, ScriptedSmtp } from "./ScriptedSmtp.ts";
import { SmtpPeer } from "./SmtpPeer.ts";

const send = (params: object = {}) => callOf("email", "send", { ...LETTER, ...params });

describe("email.send", () => {
  test("delivers text, html, names, replies and a Message-ID made from the key", async () => {
    await using peer = await SmtpPeer.open();
    const executor = mailExecutor(smtpAccount(peer.port));

    const data = dataOf(
      await executor.execute(
        send({
          to: ["Ann Ö <ann@example.org>", "bob@example.org"],
          cc: ["carl@example.org"],
          bcc: ["dora@example.org"],
          reply_to: "desk@example.com",
          subject: "Grüße 🎉",
          html: "<b>All is well.</b>",
          in_reply_to: "<first@example.org>",
          references: ["<first@example.org>"],
        }),
      ),
    );

    const [mail] = peer.accepted;
    expect(mail).toMatchObject({
      from: "shop@example.com",
      to: ["ann@example.org", "bob@example.org", "carl@example.org", "dora@example.org"],
      parsed: { subject: "Grüße 🎉", text: expect.stringContaining("All is well."), inReplyTo: "<first@example.org>" },
    });
    expect(mail?.raw).not.toContain("dora");
    expect(mail?.parsed.messageId).toBe(`<${hashedIdempotencyKey("e1/s1/0")}@example.com>`);
    expect(data).toMatchObject({ message_id: mail?.parsed.messageId, reply: "250 queued as 42", copy: null });
  });

  test("reports each recipient when the server refuses some", async () => {
    await using peer = await SmtpPeer.open({}, { "bob@example.org": 550 });

    const data = dataOf(await mailExecutor(smtpAccount(peer.port)).execute(send({ to: ["ann@example.org", "bob@example.org"] })));

    expect(data).toMatchObject({
      recipients: [
        { address: "ann@example.org", status: "accepted", reply: null },
        { address: "bob@example.org", status: "refused", reply: "550 no such mailbox" },
      ],
    });
    expect(peer.accepted.map(({ to }) => to)).toEqual([["ann@example.org"]]);
  });

  test("is certain that nothing was sent when all recipients are refused, and names each", async () => {
    await using peer = await SmtpPeer.open({}, { "ann@example.org": 550 });

    const { error, effectHappened } = errorOf(await mailExecutor(smtpAccount(peer.port)).execute(send()));

    expect([error.code, error.retry, effectHappened]).toEqual(["UPSTREAM_REJECTED", "never", "no"]);
    expect(error.details).toMatchObject({ smtpStatus: 550, recipients: ["ann@example.org: 550 no such mailbox"] });
  });

  test.each<[Moment, Deed, string, string]>([
    ["connect", "drop", "not sent", "UPSTREAM_UNAVAILABLE"],
    ["greeting", "554 go away", "not sent", "UPSTREAM_REJECTED"],
    ["EHLO", "drop", "not sent", "UPSTREAM_UNAVAILABLE"],
    ["MAIL", "451 later", "not sent", "UPSTREAM_UNAVAILABLE"],
    ["MAIL", "553 not you", "not sent", "UPSTREAM_REJECTED"],
    ["RCPT", "drop", "not sent", "UPSTREAM_UNAVAILABLE"],
    ["RCPT", "450 greylisted", "not sent", "UPSTREAM_UNAVAILABLE"],
    ["DATA", "drop", "not sent", "UPSTREAM_UNAVAILABLE"],
    ["DATA", "554 no", "not sent", "UPSTREAM_REJECTED"],
    ["content", "drop", "not sent", "UPSTREAM_UNAVAILABLE"],
    ["dot", "drop", "uncertain", "UPSTREAM_UNAVAILABLE"],
    ["dot", "garbage", "uncertain", "UPSTREAM_UNAVAILABLE"],
    ["dot", "451 try again", "uncertain", "UPSTREAM_UNAVAILABLE"],
    ["dot", "554 spam", "not sent", "UPSTREAM_REJECTED"],
  ])("%s: %s means that the mail is %s", async (moment, deed, verdict, code) => {
    await using peer = await ScriptedSmtp.open(moment, deed);
    // Larger than what fits into the socket's buffers, so that a cut in the content is one.
    const text = moment === "content" ? "line of text\n".repeat(600_000) : "All is well.";

    const outcome = await mailExecutor(smtpAccount(peer.port)).execute(send({ text }));

    expect([verdictOf(outcome), errorOf(outcome).error.code]).toEqual([verdict, code]);
    // The truth behind the verdict: what a server had in full, it may deliver, whatever it says next.
    expect(peer.complete).toHaveLength(moment === "dot" ? 1 : 0);
  });

  test("lets go at once when aborted while the acknowledgement is awaited, and stays uncertain", async () => {
    await using peer = await ScriptedSmtp.open("dot", "hang");
    const abort = new AbortController();
    const call = { ...send(), context: { ...send().context, signal: abort.signal } };
    const running = mailExecutor(smtpAccount(peer.port)).execute(call);
    await peer.reached;
    abort.abort();

    expect(verdictOf(await running)).toBe("uncertain");
    expect(peer.complete).toHaveLength(1);
  });

  test("says nothing of the password when the login is refused, even if the server repeats it", async () => {
    await using peer = await SmtpPeer.open();
    const smtp = { host: "127.0.0.1", port: peer.port, security: "none", user: "shop", password: "pa55-w0rd" };

    const { error, effectHappened } = errorOf(await mailExecutor(smtpAccount(peer.port, { smtp })).execute(send()));

    expect([error.code, effectHappened, peer.logins]).toEqual(["UPSTREAM_REJECTED", "no", ["shop"]]);
    expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain("pa55-w0rd");
    expect(error.message).toContain("[masked]");
  });

  test("logs in with the stored user and password", async () => {
    await using peer = await SmtpPeer.open({ authOptional: false });
    const smtp = { host: "127.0.0.1", port: peer.port, security: "none", user: "shop", password: "right" };

    dataOf(await mailExecutor(smtpAccount(peer.port, { smtp })).execute(send()));

    expect([peer.logins, peer.accepted.length]).toEqual([["shop"], 1]);
  });

  test.each([
    ["subject", { subject: "Hi\r\nBcc: eve@example.org" }],
    ["subject", { subject: "Hi\u2028Bcc: eve@example.org" }],
    ["to[0]", { to: ["ann@example.org\r\nBcc: eve@example.org"] }],
    ["to[0]", { to: ["Ann\r\nBcc: eve@example.org <ann@example.org>"] }],
    ["to[0]", { to: ["ann@example.org, eve@example.org"] }],
    ["to[0]", { to: ["ann@example.org> SIZE=1 <eve@example.org"] }],
    ["to[0]", { to: ['"eve@evil.example"@example.org'] }],
    ["to", { to: [] }],
    ["reply_to", { reply_to: "x\ny@example.org" }],
    ["in_reply_to", { in_reply_to: "<a@b>\r\nX: y" }],
    ["attachments[0].filename", { attachments: [{ path: "a", filename: 'a"\r\nX: y' }] }],
    ["attachments[0].content_type", { attachments: [{ path: "a", content_type: "text/plain\r\nX: y" }] }],
    ["headers", { headers: { Bcc: "eve@example.org" } }],
  ])("refuses a header injected by %s", async (field, params) => {
    await using peer = await SmtpPeer.open();

    const { error, effectHappened } = errorOf(await mailExecutor(smtpAccount(peer.port)).execute(send(params)));

    expect([error.code, effectHappened, peer.accepted.length]).toEqual(["PARAMS_INVALID", "no", 0]);
    expect(error.message).toContain(field);
  });

  test("attaches files below the files root only", async () => {
    await using peer = await SmtpPeer.open();
    await using folder = await openTestFolder();
    await writeFile(join(folder.path, "report.csv"), "a,b\n1,2\n");
    const executor = mailExecutor(smtpAccount(peer.port), { filesOf: () => new FileJail({ root: folder.path, clock: systemClock }) });

    dataOf(await executor.execute(send({ attachments: [{ path: "report.csv", content_type: "text/csv" }] })));
    const outside = errorOf(await executor.execute(send({ attachments: [{ path: "../../etc/passwd" }] })));
    const absent = errorOf(await executor.execute(send({ attachments: [{ path: "nothing.csv" }] })));

    expect(peer.accepted.map(({ parsed }) => parsed.attachments.map(({ filename, content }) => [filename, content.toString()]))).toEqual([
      [["report.csv", "a,b\n1,2\n"]],
    ]);
    expect([outside.error.code, outside.effectHappened, absent.error.code]).toEqual(["PATH_FORBIDDEN", "no", "FILE_UNREADABLE"]);
  });

  test("refuses a message that is too large before it connects", async () => {
    await using peer = await SmtpPeer.open();
    await using folder = await openTestFolder();
    await writeFile(join(folder.path, "a.bin"), Buffer.alloc(20_000_000));
    const executor = mailExecutor(smtpAccount(peer.port), { filesOf: () => new FileJail({ root: folder.path, clock: systemClock }) });

    const { error, effectHappened } = errorOf(await executor.execute(send({ attachments: [{ path: "a.bin" }, { path: "a.bin" }] })));

    expect([error.code, effectHappened]).toEqual(["PARAMS_INVALID", "no"]);
    expect(error.message).toContain("attachments[1]");
  });

  test("asks at the next address of a name when nobody answers at the first", async () => {
    await using smtp = await SmtpPeer.open();
    await using imap = await ImapPeer.open();
    const lookup = async (): Promise<string[]> => ["127.0.0.2", "127.0.0.1"];
    const login = { host: "mail.test", security: "none", user: "shop", password: "right" };
    const account = { from: "shop@example.com", smtp: { ...login, port: smtp.port }, imap: { ...login, port: imap.port } };
    const plugin = createEmailPlugin({ allowedPrivateHosts: ["mail.test"], lookup });
    const executor = executorOf([plugin], { connections: storedAccounts({ email: account }) });

    expect(dataOf(await executor.execute(send()))).toMatchObject({ copy: { folder: "Sent", failure: null } });

    expect([smtp.accepted.length, imap.mails.length]).toEqual([1, 1]);
  });

  test("does not ask at another address once a server was reached", async () => {
    await using peer = await ScriptedSmtp.open("dot", "drop");
    const lookup = async (): Promise<string[]> => ["127.0.0.1", "127.0.0.1"];
    const smtp = { host: "mail.test", port: peer.port, security: "none" };
    const plugin = createEmailPlugin({ allowedPrivateHosts: ["mail.test"], lookup });
    const executor = executorOf([plugin], { connections: storedAccounts({ email: { from: "shop@example.com", smtp } }) });

    expect(verdictOf(await executor.execute(send()))).toBe("uncertain");
    expect(peer.complete).toHaveLength(1);
  });

  test("connects to nobody when it is aborted while the library is loaded", async () => {
    await using peer = await ScriptedSmtp.open("connect", "drop");
    const place = { host: "127.0.0.1", port: peer.port, security: "none", addresses: ["127.0.0.1"], tls: {}, login: null } as const;
    const abort = new AbortController();
    const context = { signal: abort.signal, clock: systemClock } as ActionContext;
    let isConnected = false;
    const work = async (): Promise<void> => void (isConnected = true);
    void peer.reached.then(() => (isConnected = true));

    const submitting = submitMail(
      { ...place, kind: "smtp" },
      { from: "shop@example.com", to: ["ann@example.org"], bytes: Buffer.from("x") },
      context,
    );
    const opening = withMailbox({ ...place, kind: "imap" }, context, work);
    abort.abort();

    await Promise.all([expect(submitting).rejects.toThrow("aborted"), expect(opening).rejects.toThrow("aborted")]);
    await systemClock.sleep(200);
    expect(isConnected).toBe(false);
  });

  test("needs TLS beyond loopback, and an allowance for any private address", async () => {
    const plain = { from: "shop@example.com", smtp: { host: "93.184.216.34", port: 25, security: "none" } };
    const hidden = { from: "shop@example.com", smtp: { host: "10.0.0.5", port: 465 } };

    const [unsecured, forbidden] = [await mailExecutor(plain).execute(send()), await mailExecutor(hidden).execute(send())].map(errorOf);

    expect([unsecured?.error.code, unsecured?.effectHappened, forbidden?.error.code, forbidden?.effectHappened]).toEqual([
      "ADDRESS_FORBIDDEN",
      "no",
      "ADDRESS_FORBIDDEN",
      "no",
    ]);
    expect(unsecured?.error.message).toContain("must be secured");
  });

  test.each(["tls", "starttls"])("refuses a certificate that nobody vouches for (%s)", async (security) => {
    await using peer = await SmtpPeer.open({ secure: security === "tls", disabledCommands: [] });
    const smtp = { host: "localhost", port: peer.port, security, user: "shop", password: "right" };

    const { error, effectHappened } = errorOf(await mailExecutor(smtpAccount(peer.port, { smtp })).execute(send()));

    expect([error.code, effectHappened, peer.logins]).toEqual(["UPSTREAM_REJECTED", "no", []]);
  });

  test("sends no password to a server that offers no STARTTLS", async () => {
    await using peer = await ScriptedSmtp.open("greeting", "220 plain");
    const smtp = { host: "127.0.0.1", port: peer.port, security: "starttls", user: "shop", password: "right" };

    const outcome = await mailExecutor(smtpAccount(peer.port, { smtp })).execute(send());

    expect(verdictOf(outcome)).toBe("not sent");
    expect(peer.commands.join()).not.toContain("AUTH");
  });

  test("is certain that nothing was sent when nobody listens", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await new Promise<void>((resolve) => server.close(() => resolve()));

    const { error, effectHappened } = errorOf(await mailExecutor(smtpAccount(port)).execute(send()));

    expect([error.code, error.retry, effectHappened]).toEqual(["UPSTREAM_UNAVAILABLE", "later", "no"]);
  });

  test("says that nobody can look where the account has no IMAP server", async () => {
    const warnings: string[] = [];
    await using peer = await SmtpPeer.open();
    const log = { warn: (facts: { error?: string }) => warnings.push(facts.error ?? "") };
    const executor = mailExecutor(smtpAccount(peer.port), { log: log as never });

    expect(await executor.verify(send())).toEqual({ happened: "unknown" });
    expect(warnings.join()).toContain("has no imap server");
  });

  test.each([
    ["not json", "it is not JSON"],
    ['{"from":"shop@example.com","smtp":{"host":"h","password":["secret-word"]}}', "smtp.password"],
    ['{"from":"secret-word","smtp":{"host":"h"}}', "from"],
    ['{"from":"shop@example.com"}', "no smtp server"],
    ['{"from":"shop@example.com","smtp":{"host":"h"},"password":"secret-word"}', "password: is not a known field"],
  ])("tells what is wrong with a stored account without quoting it: %s", async (text, fault) => {
    const { error, effectHappened } = errorOf(await mailExecutor(text).execute(send()));

    expect([error.code, effectHappened]).toEqual(["CONNECTION_INVALID", "no"]);
    expect(error.message).toContain(fault);
    expect(error.message).not.toContain("secret-word");
  });
});

describe("email.search and email.fetch", () => {
  const imapAccount = (port: number) =>
    smtpAccount(1, { imap: { host: "127.0.0.1", port, security: "none", user: "shop", password: "right" } });

  test.each([
    ["huge", "fetch", { uid: 1 }],
    ["drop", "search", {}],
  ] as const)("end with a typed error when the server is %s", async (fault, action, params) => {
    await using peer = await ImapPeer.open(fault);
    peer.mails.push({ folder: "INBOX", raw: "Subject: one\r\n\r\nHello\r\n" });

    const { error } = errorOf(await mailExecutor(imapAccount(peer.port)).execute(callOf("email", action, params)));

    expect(error.code).toBe("UPSTREAM_UNAVAILABLE");
  });

  test("does not take a search that broke for a mail that was not sent", async () => {
    await using peer = await ImapPeer.open("drop");
    const executor = mailExecutor({ ...imapAccount(peer.port), sentCopies: "server" });

    expect(await executor.verify(send())).toEqual({ happened: "unknown" });
  });
});

describe("parseAddress", () => {
  test("never yields an address or a name that could end a line or begin another address", () => {
    const pieces = constantFrom("a", "@", "example.org", "<", ">", "\r\n", "\n", " ", ",", ";", '"', "Ann", "\u0000", "ö", ".", "\u2028");
    assert(
      property(
        array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
        (text) => {
          const parsed = parseAddress(text);
          if (parsed === null) return;
          expect(parsed.address).toMatch(/^[^\s<>,;"]+@[A-Za-z0-9.-]+$/);
          expect(`${parsed.name}${parsed.address}`).not.toMatch(/[\r\n\0\u2028<>]/);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["ann@example.org", { name: "", address: "ann@example.org" }],
    ['"Doe, Ann" <ann@example.org>', { name: "Doe, Ann", address: "ann@example.org" }],
    ["Ann <ann@bücher.example>", { name: "Ann", address: "ann@xn--bcher-kva.example" }],
    ["ann", null],
    ["@example.org", null],
    ["ann@", null],
    ["ann@example..org", null],
    [`${"a".repeat(65)}@example.org`, null],
  ])("reads %s", (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
  });
});
