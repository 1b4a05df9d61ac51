import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hashedIdempotencyKey, idempotencyKey } from "../../../lib/plugins/idempotencyKey.ts";

test("a key is execution, step path and call", () => {
  expect(idempotencyKey({ executionId: "e", stepPath: "s2[3].s5[0].send" })).toBe("e/s2[3].s5[0].send/0");
  expect(idempotencyKey({ executionId: "e", stepPath: "s", call: "2/call_abc" })).toBe("e/s/2/call_abc");
});

test("the hashed form fits a header and a file name, and differs for different keys", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (left, right) => {
      expect(hashedIdempotencyKey(left)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(hashedIdempotencyKey(left) === hashedIdempotencyKey(right)).toBe(left === right);
    }),
  );
});
