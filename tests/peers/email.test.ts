import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/core/json.ts";
import { callOf, dataOf, errorOf } from "../unit/plugins/executorOf.ts";
import { LETTER, mailExecutor, smtpAccount, verdictOf } from "../unit/plugins/email/mailWorld.ts";
import { ScriptedSmtp } from "../unit/plugins/email/ScriptedSmtp.ts";
import { SmtpPeer } from "../unit/plugins/email/SmtpPeer.ts";
import { dovecot, DovecotAccount } from "./DovecotAccount.ts";

const send = callOf("email", "send", LETTER);
const search = (params: object = {}) => callOf("email", "search", params as JsonObject);
const fetch = (params: object) => callOf("email", "fetch", params as JsonObject);

const PLAIN =
  "From: Ann <ann@example.org>\nTo: shop@example.com\nSubject: Order 7\nMessage-ID: <seven@example.org>\n\nTwo boxes, please.\n";

describe.skipIf(dovecot === undefined)("email with dovecot; skipped unless DOVECOT says what `.ci/dovecot.sh start` printed", () => {
  test("files a copy of what was sent, and finds it again by the key", async () => {
    const account = new DovecotAccount();
    await using peer = await SmtpPeer.open();
    const executor = mailExecutor(smtpAccount(peer.port, { imap: account.imap() }));

    const sent = dataOf(await executor.execute(send)) as JsonObject;
    const found = await executor.verify(send);

    expect(sent["copy"]).toEqual({ folder: "Sent", failure: null });
    expect(found).toMatchObject({ happened: true, output: { message_id: sent["message_id"], copy: { folder: "Sent" } } });
    expect([await account.count("Sent"), peer.accepted.length]).toEqual([1, 1]);
  });

  test("knows another key's mail from this one's", async () => {
    const account = new DovecotAccount();
    await using peer = await SmtpPeer.open();
    const executor = mailExecutor(smtpAccount(peer.port, { imap: account.imap() }));
    dataOf(await executor.execute(send));

    expect(await executor.verify(callOf("email", "send", LETTER, { idempotencyKey: "e1/s2/0" }))).toEqual({ happened: "unknown" });
  });

  test.each(["client", "none", "server"])("takes a mail that is not there for no proof, whoever files copies (%s)", async (sentCopies) => {
    const executor = mailExecutor(smtpAccount(1, { imap: new DovecotAccount().imap(), sentCopies }));

    expect(await executor.verify(send)).toEqual({ happened: "unknown" });
  });

  test.each(["Sent", "INBOX"])("finds in %s what was sent although the connection broke before the acknowledgement", async (folder) => {
    const account = new DovecotAccount();
    await using peer = await ScriptedSmtp.open("dot", "drop");
    const executor = mailExecutor(smtpAccount(peer.port, { imap: account.imap() }));

    const outcome = await executor.execute(send);
    const before = await executor.verify(send);
    await account.put(folder, peer.complete[0] ?? "");
    const after = await executor.verify(send);

    expect([verdictOf(outcome), before.happened, after.happened]).toEqual(["uncertain", "unknown", true]);
    expect(after).toMatchObject({ output: { recipients: [{ address: "ann@example.org", status: "unknown" }] } });
  });

  test("finds a mail whose Message-ID the submission server replaced", async () => {
    const account = new DovecotAccount();
    await using peer = await ScriptedSmtp.open("dot", "drop");
    const executor = mailExecutor(smtpAccount(peer.port, { imap: account.imap() }));
    await executor.execute(send);

    await account.put("Sent", (peer.complete[0] ?? "").replace(/^Message-ID: .*$/m, "Message-ID: <other@relay.example>"));

    expect(await executor.verify(send)).toMatchObject({ happened: true });
  });

  test("is sent although its copy could not be filed, and says so", async () => {
    await using peer = await SmtpPeer.open();
    const imap = new DovecotAccount().imap("none", { password: "wrong" });
    const executor = mailExecutor(smtpAccount(peer.port, { imap }), { log: { child: () => ({ warn: () => undefined }) } as never });

    const sent = dataOf(await executor.execute(send)) as JsonObject;

    expect(sent["copy"]).toMatchObject({ folder: null, failure: expect.stringContaining("logging in") });
    expect(peer.accepted).toHaveLength(1);
  });

  test("searches by sender, subject, text, day, id and state, newest first", async () => {
    const account = new DovecotAccount();
    await account.put("INBOX", PLAIN);
    await account.put("INBOX", PLAIN.replaceAll("7", "8").replace("seven", "eight"), ["\\Seen"]);
    await account.put("INBOX", "From: eve@example.org\nTo: shop@example.com\nSubject: Hello\n\nHi\n");
    const executor = mailExecutor(smtpAccount(1, { imap: account.imap() }));
    const subjects = async (params: object) => {
      const { messages } = dataOf(await executor.execute(search(params))) as { messages: { subject: string }[] };
      return messages.map(({ subject }) => subject);
    };

    expect(await subjects({})).toEqual(["Hello", "Order 8", "Order 7"]);
    expect(await subjects({ from: "ann@example.org" })).toEqual(["Order 8", "Order 7"]);
    expect(await subjects({ subject: "Order", seen: false })).toEqual(["Order 7"]);
    expect(await subjects({ text: "boxes", limit: 1 })).toEqual(["Order 8"]);
    expect(await subjects({ message_id: "<seven@example.org>" })).toEqual(["Order 7"]);
    expect(await subjects({ before: "2001-01-01" })).toEqual([]);
    expect(await subjects({ subject: 'a" OR ALL "b' })).toEqual([]);
    expect(dataOf(await executor.execute(search({ limit: 1 })))).toMatchObject({ total: 3, is_truncated: true });
  });

  test("fetches text, html and attachments, without marking the mail as read", async () => {
    const account = new DovecotAccount();
    await account.put(
      "INBOX",
      [
        "From: Ann <ann@example.org>",
        "To: shop@example.com",
        "Subject: =?UTF-8?B?R3LDvMOfZQ==?=",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "Content-Type: text/html; charset=utf-8",
        "",
        "<p>Hello <b>you</b></p><script>alert(1)</script>",
        "--b",
        'Content-Type: text/plain; name="../../etc/passwd"',
        'Content-Disposition: attachment; filename="../../etc/passwd"',
        "",
        "x",
        "--b--",
        "",
      ].join("\n"),
    );
    const executor = mailExecutor(smtpAccount(1, { imap: account.imap() }));

    const listed = dataOf(await executor.execute(fetch({ uid: 1 })));
    const whole = dataOf(await executor.execute(fetch({ uid: 1, attachments: "content" })));

    expect(listed).toMatchObject({
      subject: "Grüße",
      is_seen: false,
      text: "Hello you",
      html: expect.stringContaining("<b>you</b>"),
      attachments: [{ filename: ".._.._etc_passwd", size_bytes: 1, content_base64: null }],
    });
    expect(whole).toMatchObject({ is_seen: false, attachments: [{ content_base64: Buffer.from("x").toString("base64") }] });
  });

  test("stops before a mail that is larger than max_bytes, and names a uid that is not there", async () => {
    const account = new DovecotAccount();
    await account.put("INBOX", `Subject: Large\n\n${"line of text\n".repeat(100_000)}`);
    const executor = mailExecutor(smtpAccount(1, { imap: account.imap() }));

    const large = errorOf(await executor.execute(fetch({ uid: 1, max_bytes: 10_000 })));
    const absent = errorOf(await executor.execute(fetch({ uid: 77 })));

    expect([large.error.code, absent.error.code]).toEqual(["OUTPUT_TOO_LARGE", "NOT_FOUND"]);
  });

  test("refuses a mail with thousands of nested parts, for good", async () => {
    const account = new DovecotAccount();
    const depth = 3_000;
    const heads = Array.from({ length: depth }, (_, at) => `Content-Type: multipart/mixed; boundary="b${at}"\n\n--b${at}\n`).join("");
    await account.put("INBOX", `Subject: Deep\n${heads}Content-Type: text/plain\n\nhere\n`);
    const executor = mailExecutor(smtpAccount(1, { imap: account.imap() }));

    const { error } = errorOf(await executor.execute(fetch({ uid: 1 })));

    expect([error.code, error.retry]).toEqual(["UPSTREAM_REJECTED", "never"]);
  });

  test.each(["tls", "starttls"] as const)("reads and sends over %s when the authority is known, and not otherwise", async (security) => {
    const account = new DovecotAccount();
    await account.put("INBOX", PLAIN);
    const { cert = "", key = "" } = dovecot ?? {};
    await using peer = await SmtpPeer.open({ secure: security === "tls", disabledCommands: [], cert, key });
    const smtp = { host: "localhost", port: peer.port, security, user: "shop", password: "right" };
    const trusting = mailExecutor(smtpAccount(1, { smtp: { ...smtp, ca: cert }, imap: account.imap(security) }));
    const { ca: _ca, ...untrusted } = account.imap(security);
    const doubting = mailExecutor(smtpAccount(1, { smtp, imap: untrusted }));

    expect(dataOf(await trusting.execute(search()))).toMatchObject({ total: 1 });
    expect(dataOf(await trusting.execute(send))).toMatchObject({ copy: { folder: "Sent", failure: null } });
    expect(errorOf(await doubting.execute(search())).error.code).toBe("UPSTREAM_REJECTED");
    expect(errorOf(await doubting.execute(send))).toMatchObject({ error: { code: "UPSTREAM_REJECTED" }, effectHappened: "no" });
    expect(peer.accepted).toHaveLength(1);
  });

  test.each([
    [{ password: "wrong-word" }, {}, "UPSTREAM_REJECTED"],
    [{}, { folder: "Nowhere" }, "UPSTREAM_REJECTED"],
    [{ port: 1 }, {}, "UPSTREAM_UNAVAILABLE"],
    [{ host: "169.254.169.254" }, {}, "ADDRESS_FORBIDDEN"],
  ])("tells a wrong login, folder or server apart: %j %j", async (imap, params, code) => {
    const account = new DovecotAccount();
    const { error } = errorOf(await mailExecutor(smtpAccount(1, { imap: account.imap("none", imap) })).execute(search(params)));

    expect(error.code).toBe(code);
    expect(error.message).not.toContain("wrong-word");
  });
});
