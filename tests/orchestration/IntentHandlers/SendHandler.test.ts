import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import type { JsonObject, JsonValue } from "../../../lib/core/json.ts";
import { batchesOf, parseBatchSettings } from "../../../lib/orchestration/handlers/sendBatches.ts";
import { SendHandler } from "../../../lib/orchestration/IntentHandlers/SendHandler.ts";
import type { HandlerContext } from "../../../lib/orchestration/types.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import type { StepOutput, WorkflowStep } from "../../../lib/workflow/types.ts";
import { errorOf, openStage, refuse, serve } from "../serveStep.ts";

const people = ["ada", "ben", "cy", "dot", "eve"];

function send(batch?: JsonValue, more: object = {}): WorkflowStepInput {
  return {
    id: "send",
    type: "action",
    plugin: "world",
    action: "send",
    params: { to: "{{input.people}}", text: "hello {{input.who}}" },
    ...(batch === undefined ? {} : { metadata: { batch } }),
    ...more,
  };
}

const inputs = { people, who: "you" };

describe("SendHandler", () => {
  test("sends once and as it is where no batches are asked for", async () => {
    const { stage, world } = await serve(new SendHandler(), send(), { inputs });

    expect(world.sent).toEqual([{ to: people, text: "hello you" }]);
    expect(stage.output).toEqual({ to: people, text: "hello you" });
  });

  test("sends a list in batches, each with a row of its own, in order", async () => {
    const { stage, world } = await serve(new SendHandler(), send({ over: "to", size: 2 }), { inputs });

    expect(world.sent.map(({ to }) => to)).toEqual([["ada", "ben"], ["cy", "dot"], ["eve"]]);
    expect(stage.output).toMatchObject({
      sent: 5,
      refused: 0,
      batches: [
        { from: 0, count: 2 },
        { from: 2, count: 2 },
        { from: 4, count: 1 },
      ],
      dead_letters: [],
    });
    expect(stage.detail.handler?.metrics).toEqual({ batches: 3, sent: 5, refused: 0 });
    const paths = stage.state.steps().map(([path]) => path);
    expect(paths).toHaveLength(4);
    expect(paths[0]).toMatch(/^send\.~batch-[0-9a-f]{16}-2\[0\]$/);
  });

  test("never reads templates in what it sends", async () => {
    const { world } = await serve(new SendHandler(), send({ over: "to", size: 1 }), { inputs: { people: ["{{input.who}}"], who: "x" } });
    expect(world.sent[0]?.["to"]).toEqual(["{{input.who}}"]);
  });

  test("goes on where it was interrupted: what was sent is not sent again, whatever the settings say meanwhile", async () => {
    const changing = new (class extends SendHandler {
      size = 2;
      override execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
        return super.execute({ ...step, metadata: { batch: { over: "to", size: this.size } } }, context);
      }
    })();
    const { stage, world } = await openStage(changing, send({ over: "to", size: 2 }), { inputs });
    stage.unitsUntilCrash = 3;
    await stage.walk();
    const before = world.sent.length;
    changing.size = 4;
    stage.restart();
    const outcome = await stage.walk();

    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(3);
    expect(outcome.status).toBe("completed");
    expect(world.sent.map(({ to }) => to)).toEqual([["ada", "ben"], ["cy", "dot"], ["eve"]]);
  });

  test("asks a person when nobody knows whether a batch went out", async () => {
    const { stage, world } = await openStage(new SendHandler(), send({ over: "to", size: 2 }), { inputs });
    world.isVerifiable = false;
    world.behave = async (params) => {
      if ((params["to"] as unknown as string[]).includes("cy"))
        throw new AppError("UPSTREAM_UNAVAILABLE", "the line broke after the first byte");
      return params;
    };
    const outcome = await stage.walk();

    expect(outcome).toMatchObject({ status: "waiting", waits: [{ for: "uncertain", path: expect.stringContaining("[1]") as string }] });
    expect(world.sent).toHaveLength(1);
  });

  test("stops at what is refused, says how far it came, and does not begin again", async () => {
    const { stage, world } = await openStage(new SendHandler(), send({ over: "to", size: 2 }, { retryPolicy: { maxRetries: 0 } }), {
      inputs,
    });
    world.behave = async (params) => ((params["to"] as unknown as string[]).includes("dot") ? refuse("no such mailbox: dot") : params);
    const outcome = await stage.walk();

    expect(outcome).toMatchObject({
      status: "failed",
      error: { code: "SEND_INCOMPLETE", retry: "never", details: { sent: 2, total: 5, from: 2, cause: "UPSTREAM_REJECTED" } },
    });
    expect(world.sent).toHaveLength(1);
  });

  test("sets aside what is refused where it is told to, lists it whole, and warns", async () => {
    const { stage, world } = await openStage(new SendHandler(), send({ over: "to", size: 2, on_refusal: "dead_letter" }), { inputs });
    world.behave = async (params) => ((params["to"] as unknown as string[]).includes("cy") ? refuse("no such mailbox: cy") : params);
    await stage.walk();

    expect(stage.output).toMatchObject({
      sent: 3,
      refused: 2,
      dead_letters: [{ from: 2, count: 2, members: ["cy", "dot"], error: { code: "UPSTREAM_REJECTED" } }],
    });
    expect(stage.detail.warnings).toContain("2 of 5 were refused; they are listed as dead letters");
    expect(world.sent.flatMap(({ to }) => to)).toEqual(["ada", "ben", "eve"]);
  });

  test("never fails by the size of its own report: of what is long, it names the row", async () => {
    const list = Array.from({ length: 100 }, (_, index) => ({ to: index, text: "x".repeat(index < 50 ? 100_000 : 10) }));
    const { stage, world } = await openStage(new SendHandler(), send({ over: "to", size: 1, on_refusal: "dead_letter" }), {
      inputs: { people: list, who: "x" },
    });
    world.behave = async (params) => {
      const { to } = (params["to"] as unknown as (typeof list)[number][])[0]!;
      return to % 10 === 0 ? refuse("y".repeat(10_000)) : params;
    };
    const outcome = await stage.walk();
    const output = stage.output as unknown as { batches: JsonObject[]; dead_letters: JsonObject[]; sent: number };

    expect(outcome.status).toBe("completed");
    expect(JSON.stringify(output).length).toBeLessThan(50_000);
    expect(output.sent).toBe(90);
    expect(output.batches[0]).toEqual({ from: 1, count: 1, path: expect.stringMatching(/^send\.~batch-[0-9a-f]{16}-1\[1\]$/) as string });
    expect(stage.state.step(output.batches[0]!["path"] as string)?.status).toBe("completed");
    expect(output.batches.at(-1)).toMatchObject({ from: 99, output: { to: [{ to: 99 }] } });
    expect(output.dead_letters[0]).toMatchObject({ from: 0, path: expect.stringContaining("[0]") as string });
    expect(output.dead_letters.at(-1)).toMatchObject({ from: 90, members: [{ to: 90, text: "xxxxxxxxxx" }] });
  });

  test("names rows alone once its report has grown long", async () => {
    const { stage, world } = await openStage(new SendHandler(), send({ over: "to", size: 1 }), {
      inputs: { people: Array.from({ length: 60 }, (_, index) => index), who: "x" },
    });
    world.behave = async () => "z".repeat(3_900);
    await stage.walk();
    const { batches } = stage.output as unknown as { batches: JsonObject[] };

    expect([batches[0]?.["output"], batches.at(-1)?.["output"]]).toEqual(["z".repeat(3_900), undefined]);
    expect(JSON.stringify(batches).length).toBeLessThan(120_000);
  });

  test("is no success when nothing went out", async () => {
    const { stage, world } = await openStage(new SendHandler(), send({ over: "to", on_refusal: "dead_letter" }), { inputs });
    world.behave = () => refuse("closed today");

    expect(await stage.walk()).toMatchObject({
      status: "failed",
      error: { code: "SEND_INCOMPLETE", message: "step send: every batch was refused, nothing was sent" },
    });
  });

  test("sends nothing of an empty list, and says so", async () => {
    const { stage, world } = await serve(new SendHandler(), send({ over: "to" }), { inputs: { people: [], who: "x" } });

    expect(stage.output).toEqual({ sent: 0, refused: 0, batches: [], dead_letters: [] });
    expect(world.sent).toEqual([]);
  });

  test("keeps to a number of calls a minute", async () => {
    const clock = new ManualClock();
    const { stage, world } = await openStage(new SendHandler(), send({ over: "to", size: 2, per_minute: 6 }), { inputs, clock });
    const walking = stage.walk();
    const sentAfter: number[] = [];
    for (let at = 0; at < 3; at += 1) {
      await clock.advance(5_000);
      sentAfter.push(world.sent.length);
      await clock.advance(5_000);
    }

    expect((await walking).status).toBe("completed");
    expect(sentAfter).toEqual([1, 2, 3]);
  });

  test("does not go on with another list than the one it began", async () => {
    const begun = await openStage(new SendHandler(), send({ over: "to", size: 2 }), { inputs });
    begun.stage.unitsUntilCrash = 2;
    await begun.stage.walk();
    const [row] = begun.stage.state.partsOf("send");
    const other = batchesOf(
      ["zed"],
      { text: "hello you" },
      { settings: parseBatchSettings("s", { over: "to" }), begun: row === undefined ? [] : [row] },
    );

    expect(row).toMatch(/^batch-/);
    expect(other).toBeNull();
  });

  test("says when params hold no list", async () => {
    const missing = await serve(new SendHandler(), send({ over: "cc" }), { inputs });
    const text = await serve(new SendHandler(), send({ over: "text" }), { inputs });

    expect(errorOf(missing)).toMatchObject({
      code: "PARAMS_INVALID",
      message: "step send: params.cc is to be sent in batches and is no list",
      details: { got: "nothing" },
    });
    expect(errorOf(text).details["got"]).toBe("string");
  });

  test("takes the direct path, recorded, where the settings are none", async () => {
    const { stage, world } = await serve(new SendHandler(), send({ size: 2 }), { inputs });

    expect(world.sent).toHaveLength(1);
    expect(stage.detail.handler?.degraded).toContain("metadata.batch.over");
  });

  test.each<[string, JsonObject, string]>([
    ["ok: false", { ok: false }, "the receiver answered ok: false"],
    ["success: false", { success: false }, "the receiver answered success: false"],
    ["a list of those rejected", { rejected: ["ben"] }, "the receiver lists 1 as rejected"],
    ["a list of those that failed", { failed: ["ben", "cy"] }, "the receiver lists 2 as failed"],
  ])("tells of %s in an answer that looks like success", async (_what, answer, warning) => {
    const { stage, world } = await openStage(new SendHandler(), send(), { inputs });
    world.behave = async () => answer;
    await stage.walk();

    expect(stage.detail.warnings).toEqual([warning]);
  });

  test("tells of nothing in answers without doubt, and of a step that cannot send", async () => {
    const plain = await openStage(new SendHandler(), send(), { inputs });
    plain.world.behave = async () => "queued";
    await plain.stage.walk();
    const model = await serve(
      new SendHandler(),
      { id: "m", type: "ai_processing", prompt: "Send it", intent: "send" },
      { script: ["Sent!"] },
    );

    expect(plain.stage.detail.warnings).toBeUndefined();
    expect(model.stage.detail.warnings).toEqual(["the step asks a model and sends nothing: a step of type action sends"]);
  });

  test("cuts any list into batches whose members and ids never change", () => {
    const settings = (size: number) => parseBatchSettings("s", { over: "to", size });
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(20),
        (list, size, later, begunCount) => {
          const first = batchesOf(list, { text: "x" }, { settings: settings(size), begun: [] }) ?? [];
          const begun = ["other", ...first.slice(0, begunCount).map(({ id }) => id)];
          const again = batchesOf(list, { text: "x" }, { settings: settings(begun.length > 1 ? later : size), begun });

          expect(first.flatMap(({ members }) => members)).toEqual(list);
          expect(again).toEqual(first);
          expect(new Set(first.map(({ id }) => id)).size).toBe(first.length);
        },
      ),
    );
  });
});
