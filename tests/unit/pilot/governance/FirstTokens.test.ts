import { expect, test } from "vitest";
import { FirstTokens } from "../../../../lib/pilot/governance/FirstTokens.ts";

test("a wait ends at the first token below its path, and at no other", async () => {
  const tokens = new FirstTokens();
  const { arrived } = tokens.wait("s1[0].");
  let isOver = false;
  const watched = arrived.then(() => {
    isOver = true;
  });

  tokens.note("s1[1].write");
  tokens.note("s1");
  await Promise.resolve();
  expect(isOver).toBe(false);
  tokens.note("s1[0].write");
  await watched;
  expect(isOver).toBe(true);
});

test("a wait can be ended without a token", async () => {
  const { arrived, release } = new FirstTokens().wait("s1[0].");
  release();

  await expect(arrived).resolves.toBeUndefined();
});
