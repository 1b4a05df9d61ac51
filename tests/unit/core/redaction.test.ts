import { describe, expect, test } from "vitest";
import { isSecretKey, looksLikeSecret, maskSecrets, maskSecretText } from "../../../lib/core/redaction.ts";

describe("isSecretKey", () => {
  test.each([
    "apiKey",
    "api_key",
    "x-api-key",
    "OPENAI_API_KEY",
    "openaiAPIKey",
    "Authorization",
    "password",
    "db_passwd",
    "clientSecret",
    "secret",
    "token",
    "accessToken",
    "refresh_token",
    "Set-Cookie",
    "cookies",
    "privateKey",
    "awsSecretAccessKey",
  ])("takes %s for a secret", (key) => {
    expect(isSecretKey(key)).toBe(true);
  });

  test.each([
    "tokens",
    "usedTokens",
    "token_limit",
    "tokenBudget",
    "maxTokens",
    "key",
    "idempotencyKey",
    "apiKeyFrom",
    "secretKeyFile",
    "secret_name",
    "author",
    "cookieless",
    "keyId",
    "passed",
  ])("takes %s for a plain key", (key) => {
    expect(isSecretKey(key)).toBe(false);
  });
});

describe("maskSecretText", () => {
  // Put together at run time, so that secret scanners do not stop at this file.
  const glue = (...parts: readonly string[]): string => parts.join("");
  const samples = {
    openai: glue("sk-", "proj-", "a1B2".repeat(10)),
    anthropic: glue("sk-", "ant-api03-", "Zz09".repeat(12)),
    stripe: glue("sk_", "live_", "9aB".repeat(8)),
    github: glue("ghp_", "x1Y2".repeat(9)),
    slack: glue("xoxb-", "1234567890-abcdef"),
    aws: glue("AKIA", "ABCDEFGH12345678"),
    google: glue("AIza", "Sy0-_".repeat(7)),
    jwt: ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"].join("."),
    pem: glue("-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE\n-----END RSA ", "PRIVATE KEY-----"),
  };

  test.each(Object.entries(samples))("hides a secret of the kind %s inside other text", (_kind, secret) => {
    const masked = maskSecretText(`before ${secret} after`);

    expect(masked).toBe("before [masked] after");
    expect(looksLikeSecret(secret)).toBe(true);
  });

  test("keeps the scheme of an authorization header, the user of a URL and the name of a query parameter", () => {
    expect(maskSecretText("Bearer abcdefghijklmnop")).toBe("Bearer [masked]");
    expect(maskSecretText("postgres://app:pa55@db/x")).toBe("postgres://app:[masked]@db/x");
    expect(maskSecretText("https://x.test/a?api_key=abcdef&b=1")).toBe("https://x.test/a?api_key=[masked]&b=1");
  });

  test.each([
    "the task-force met in Berlin on Monday",
    "https://example.com/a/b?page=2",
    "0195f3a2-7c1e-7000-8000-000000000001",
    "risk-assessment-of-the-quarter",
    "bearer of bad news",
  ])("keeps %s", (text) => {
    expect(maskSecretText(text)).toBe(text);
  });
});

describe("maskSecrets", () => {
  test("keeps figures and absent secrets under secret names, but no number under a password", () => {
    expect(maskSecrets({ token: 12, apiKey: null, secret: false, password: 1234 })).toEqual({
      token: 12,
      apiKey: null,
      secret: false,
      password: "[masked]",
    });
  });

  test("hides whole objects and arrays under a secret name", () => {
    expect(maskSecrets({ credentials: { user: "a", pin: "b" }, cookies: ["c"] })).toEqual({ credentials: "[masked]", cookies: "[masked]" });
  });

  test("keeps a key named __proto__ as data", () => {
    const masked = maskSecrets(JSON.parse('{"__proto__":{"a":1}}'));

    expect(JSON.stringify(masked)).toBe('{"__proto__":{"a":1}}');
  });

  test("shows the same object twice when it is no cycle", () => {
    const shared = { a: 1 };

    expect(maskSecrets({ x: shared, y: shared })).toEqual({ x: { a: 1 }, y: { a: 1 } });
  });
});
