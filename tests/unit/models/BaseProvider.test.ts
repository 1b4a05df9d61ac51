import { describe, expect, test } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import type { ModelRequest } from "../../../lib/models/types.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { ScriptedModel } from "../../../lib/testing/ScriptedModel.ts";
import { testReservation } from "../../../lib/testing/testReservation.ts";
import { TokenCounter } from "../../../lib/tokens/TokenCounter.ts";

const request: ModelRequest = { model: "m", messages: [{ role: "user", content: "Hello" }], maxOutputTokens: 100 };

async function failureOf(call: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await call.then(
    () => new Error("did not fail"),
    (error: unknown) => error,
  );
  if (!AppError.is(thrown)) throw thrown;
  return thrown;
}

describe("a call", () => {
  test("is refused before the model when the reservation does not cover its output", async () => {
    const model = new ScriptedModel(["hi"]);
    const error = await failureOf(model.call(request, testReservation({ outputCapTokens: 99 })));
    expect(error).toMatchObject({ code: "INTERNAL", details: { mayHaveSpent: false } });
    expect(error.message).toContain("reserved 99 output tokens");
    expect(model.requests).toHaveLength(0);
  });

  test.each([0, -1, 1.5, Number.NaN])("is refused with %d output tokens", async (maxOutputTokens) => {
    expect(await failureOf(new ScriptedModel(["hi"]).call({ ...request, maxOutputTokens }, testReservation()))).toMatchObject({
      code: "INTERNAL",
    });
  });

  test("uses its reservation up", async () => {
    const model = new ScriptedModel(["one", "two"]);
    const reservation = testReservation();
    await model.call(request, reservation);
    expect(await failureOf(model.call(request, reservation))).toMatchObject({ code: "INTERNAL", details: { mayHaveSpent: false } });
    expect(model.requests).toHaveLength(1);
  });

  test("aborted before it starts spends nothing", async () => {
    const model = new ScriptedModel(["hi"]);
    const error = await failureOf(model.call({ ...request, signal: AbortSignal.abort() }, testReservation()));
    expect(error).toMatchObject({ code: "EXECUTION_CANCELLED", details: { mayHaveSpent: false } });
    expect(model.requests).toHaveLength(0);
  });

  test("aborted while it waits returns at once and may have spent", async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const call = new ScriptedModel([{ text: "late", delayMs: 60_000 }], { clock }).call(
      { ...request, signal: abort.signal },
      testReservation(),
    );
    abort.abort();
    expect(await failureOf(call)).toMatchObject({ code: "EXECUTION_CANCELLED", details: { mayHaveSpent: true, outputTextReceived: 0 } });
  });
});

describe("the scripted model", () => {
  test("plays its answers in order, keeps the requests, and fails on a call too many", async () => {
    const model = new ScriptedModel(["one", { output: { ok: true } }]);
    expect((await model.call(request, testReservation())).text).toBe("one");
    expect((await model.call(request, testReservation())).output).toEqual({ ok: true });
    expect(await failureOf(model.call(request, testReservation()))).toMatchObject({
      code: "SCRIPT_EXHAUSTED",
      details: { mayHaveSpent: false },
    });
    expect(model.requests).toHaveLength(3);
  });

  test("answers by a function of the request", async () => {
    const model = new ScriptedModel(({ maxOutputTokens }, index) => `${index}:${maxOutputTokens}`);
    expect((await model.call(request, testReservation())).text).toBe("0:100");
    expect((await model.call(request, testReservation())).text).toBe("1:100");
  });

  test("counts usage, lies by a factor, or reports none", async () => {
    const counter = await TokenCounter.load();
    const model = new ScriptedModel(["four words are here", { text: "four words are here", usageFactor: 2 }, { text: "x", usage: null }], {
      counter,
    });
    const honest = await model.call(request, testReservation());
    const lying = await model.call(request, testReservation());
    expect(honest.usage?.outputTokens).toBe(counter.count("four words are here"));
    expect(lying.usage?.outputTokens).toBe(honest.usage!.outputTokens * 2);
    expect((await model.call(request, testReservation())).usage).toBeNull();
  });

  test("fails as scripted, after the pieces that came before", async () => {
    const error = new AppError("RATE_LIMITED", "slow down", { retry: { afterMs: 5 } });
    const model = new ScriptedModel([{ pieces: ["ab", "cd"], error, usage: { inputTokens: 3, outputTokens: 2 } }]);
    expect(await failureOf(model.call(request, testReservation()))).toMatchObject({
      code: "RATE_LIMITED",
      retry: { afterMs: 5 },
      details: { outputTextReceived: 4, usage: { inputTokens: 3, outputTokens: 2 }, mayHaveSpent: true },
    });
  });

  test("calls tools and takes the time it is told to", async () => {
    const clock = new ManualClock();
    const model = new ScriptedModel([{ toolCalls: [{ name: "find", arguments: { id: 1 } }], delayMs: 250 }], { clock });
    const call = model.call(request, testReservation());
    await clock.advance(250);
    expect(await call).toMatchObject({ finishReason: "tool-calls", latencyMs: 250, toolCalls: [{ name: "find", arguments: { id: 1 } }] });
  });
});
