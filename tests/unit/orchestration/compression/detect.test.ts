// Detection against labelled fixtures: a confusion matrix, and texts that only begin like JSON.
import { describe, expect, it } from "vitest";
import { detectPayloadType } from "../../../../lib/orchestration/compression/detect.ts";
import { FIXTURES } from "./detectFixtures.ts";

/** `labelled → detected: count`, one line per pair that occurs. */
function confusionMatrix(): { readonly lines: string[]; readonly right: number; readonly wrong: string[] } {
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  for (const [label, text] of FIXTURES) {
    const { type } = detectPayloadType(text);
    counts.set(`${label} → ${type}`, (counts.get(`${label} → ${type}`) ?? 0) + 1);
    if (type !== label) wrong.push(`${label} taken for ${type}: ${JSON.stringify(text.slice(0, 70))}`);
  }
  return { lines: [...counts].map(([pair, count]) => `${pair}: ${count}`).sort(), right: FIXTURES.length - wrong.length, wrong };
}

describe("detectPayloadType", () => {
  it("names the type of at least 99 % of the labelled fixtures", async (context) => {
    const { lines, right, wrong } = confusionMatrix();
    await context.annotate(lines.join("\n"));
    expect(FIXTURES.length).toBeGreaterThanOrEqual(60);
    expect(wrong).toEqual([]);
    expect(right / FIXTURES.length).toBeGreaterThanOrEqual(0.99);
  });

  it("takes a mailbox with a patch in one of its mails for mails", () => {
    const mails = Array.from({ length: 5 }, (_none, index) =>
      [
        `From ada@example.org Mon Mar  3 1${index}:00:00 2031`,
        "From: Ada <ada@example.org>",
        "Subject: The valve",
        `Date: Mon, 3 Mar 2031 1${index}:00:00 +0000`,
        "",
        "The valve leaks since Friday, and nobody has closed it yet.",
        "Please look at it before the audit, which is on Thursday.",
        "Bob has the keys; the spare part is in the second drawer.",
        "",
        ...(index === 2
          ? ["diff --git a/valve.ts b/valve.ts", "--- a/valve.ts", "+++ b/valve.ts", "@@ -1 +1 @@", "-open();", "+close();", ""]
          : []),
      ].join("\n"),
    );
    expect(detectPayloadType(mails.join("\n")).type).toBe("email");
  });

  it("takes a commit that was written as a mail for its diff", () => {
    const patch = [
      "From 1b2c3d4 Mon Sep 17 00:00:00 2001",
      "From: Ada <ada@example.org>",
      "Date: Mon, 3 Mar 2031 10:00:00 +0000",
      "Subject: [PATCH] Close the valve",
      "",
      "It stood open.",
      "---",
      " valve.ts | 2 +-",
      "",
      "diff --git a/valve.ts b/valve.ts",
      "index 1111111..2222222 100644",
      "--- a/valve.ts",
      "+++ b/valve.ts",
      "@@ -1,2 +1,2 @@",
      "-open();",
      "+close();",
      " rest();",
    ].join("\n");

    expect(detectPayloadType(patch).type).toBe("diff");
  });

  it("finds each type in the middle of a larger text of its kind", () => {
    for (const [label, text] of FIXTURES.filter(([type]) => type === "log")) {
      const long = Array.from({ length: 400 }, () => text).join("\n");
      expect(detectPayloadType(long).type).toBe(label);
    }
  });

  it("takes no text for JSON that only begins like it", () => {
    for (const text of [
      "{ almost",
      "[not json]",
      '{"a": 1,',
      "{'a': 1}",
      '[{"a":1}, and so on',
      "{{ template }}",
      '{"a":1} trailing words',
    ]) {
      expect(["json", "ndjson"]).not.toContain(detectPayloadType(text).type);
    }
  });

  it("takes deep and broken JSON in bounded time", () => {
    expect(detectPayloadType('{"a":'.repeat(100_000)).type).not.toBe("json");
    expect(detectPayloadType("[".repeat(50_000) + "]".repeat(50_000)).type).toBe("json");
  });

  it("gives confidence 0 for blank text and less than 1 for prose", () => {
    expect(detectPayloadType(" \n ")).toEqual({ type: "prose", confidence: 0 });
    expect(detectPayloadType("A short remark.").confidence).toBeLessThan(1);
  });
});
