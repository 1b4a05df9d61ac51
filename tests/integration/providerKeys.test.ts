// A configured provider without its key: its own calls fail, nothing else does, and `doctor` says it.
import { describe, expect, test } from "vitest";
import { createTestSystem, workflow } from "./testSystem.ts";

const ask = (model: string): object => ({ id: "ask", type: "llm_decision", model, prompt: "Say hello." });
const file = {
  providers: [
    { name: "openai-team", kind: "openai", apiKeyFrom: { env: "TEAM_KEY" } },
    { name: "stored", kind: "anthropic", apiKeyFrom: { connection: "team" } },
  ],
};

describe("a provider whose variable is not set", () => {
  test("fails at the step that calls it, names the variable, and takes no other key instead", async () => {
    await using t = await createTestSystem({ file, env: { OPENAI_API_KEY: "sk-of-another-account" } });

    const report = await t.run(workflow([ask("openai-team/gpt-4o-mini")]));

    expect(report).toMatchObject({
      status: "failed",
      error: {
        code: "CONNECTION_MISSING",
        message: "provider openai-team takes its API key from the environment variable TEAM_KEY, which is not set",
        details: { variable: "TEAM_KEY", mayHaveSpent: false },
      },
    });
    expect(report.error?.hint).toContain("set TEAM_KEY");
  });

  test("leaves calls of other providers alone", async () => {
    await using t = await createTestSystem({ file });

    expect((await t.run(workflow([ask("offline")]))).status).toBe("completed");
  });

  test("is told by doctor, as is a connection that is not stored", async () => {
    await using t = await createTestSystem({ file, env: { NEURONFORGE_SECRET_KEY: "ab".repeat(32) } });

    const check = (await t.system.doctor()).find(({ name }) => name === "models");

    expect(check).toMatchObject({
      ok: false,
      detail: "openai-team: the environment variable TEAM_KEY is not set; stored: there is no connection team",
    });
    await t.system.setConnection("team", "a key", "tester");
    expect((await t.system.doctor()).find(({ name }) => name === "models")?.detail).not.toContain("stored:");
  });
});
