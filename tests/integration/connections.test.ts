// Stored connections after the key was lost: what `connections set` refuses and what `doctor` says.
import { expect, test } from "vitest";
import { ConnectionStore } from "../../lib/access/ConnectionStore.ts";
import { SecretBox } from "../../lib/access/SecretBox.ts";
import { DEFAULT_WORKSPACE_ID } from "../../lib/core/ids.ts";
import { createTestSystem } from "./testSystem.ts";

test("a connection whose key is lost is told by doctor, and another is stored only when that is accepted", async () => {
  await using t = await createTestSystem({ env: { NEURONFORGE_SECRET_KEY: "ab".repeat(32) } });
  const before = new ConnectionStore({ box: new SecretBox({ keys: () => [Buffer.alloc(32, 1)] }) });
  await before.setConnection(t.db, DEFAULT_WORKSPACE_ID, { name: "github", secret: "one" });

  const refusal = t.system.setConnection("slack", "two", "tester");

  await expect(refusal).rejects.toMatchObject({ code: "SECRET_KEY_MISSING", hint: expect.stringContaining("--accept-lost") });
  expect((await t.system.doctor()).find(({ name }) => name === "secret key")).toMatchObject({
    ok: false,
    detail: "the key of 1 connections is not there: github",
  });
  await t.system.setConnection("slack", "two", "tester", { acceptLost: true });
  expect((await t.system.listConnections()).map(({ name }) => name)).toEqual(["github", "slack"]);
});
