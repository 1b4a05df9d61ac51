import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { statedWait } from "../../../lib/models/limitHeaders.ts";

const NOW = Date.UTC(2026, 0, 2, 12);

describe("statedWait", () => {
  test.each([
    [{ "retry-after-ms": "120.5", "retry-after": "9" }, 120.5, "retry-after-ms"],
    [{ "retry-after": "9" }, 9_000, "retry-after"],
    [{ "retry-after": "0.5" }, 500, "retry-after"],
    [{ "retry-after": "Fri, 02 Jan 2026 12:00:07 GMT" }, 7_000, "retry-after"],
    [{ "retry-after": "Fri, 02 Jan 2026 11:00:00 GMT" }, 0, "retry-after"],
    [{ "retry-after": "999999" }, 3_600_000, "retry-after"],
    [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" }, 360_000, "x-ratelimit-reset-requests"],
    [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5s" }, 1_500, "x-ratelimit-reset-tokens"],
    [{ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms" }, 120, "x-ratelimit-reset-tokens"],
    [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1_000 + 3) }, 3_000, "x-ratelimit-reset"],
    [
      { "anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-01-02T12:00:30Z" },
      30_000,
      "anthropic-ratelimit-tokens-reset",
    ],
    [
      {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "5s",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "1",
      },
      5_000,
      "x-ratelimit-reset-tokens",
    ],
  ])("%j asks for %s ms", (headers, waitMs, header) => {
    expect(statedWait(headers, NOW)).toEqual({ waitMs, header });
  });

  test.each([
    [{}],
    [{ "retry-after": "soon" }],
    [{ "retry-after": "1s and more" }],
    [{ "retry-after": "-3x" }],
    [{ "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "6m0s" }],
    [{ "x-ratelimit-remaining-requests": "0" }],
    [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "x".repeat(1_000) }],
  ])("%j asks for nothing", (headers) => {
    expect(statedWait(headers, NOW)).toBeNull();
  });

  test("gives a wait from 0 to an hour, whatever the other side writes", () => {
    const names = fc.constantFrom(
      "retry-after",
      "retry-after-ms",
      "x-ratelimit-remaining",
      "x-ratelimit-reset",
      "x-ratelimit-remaining-tokens",
      "x-ratelimit-reset-tokens",
    );
    const texts = fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom("0", "1h2m3s4ms", "9999999999", "2026-01-02"));
    fc.assert(
      fc.property(fc.dictionary(names, texts), (headers) => {
        const wait = statedWait(headers, NOW)?.waitMs ?? 0;

        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });
});
