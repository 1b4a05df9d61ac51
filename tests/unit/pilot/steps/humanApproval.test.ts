// human_approval: who decides, what counts, what happens when nobody does, and what is stored of it.
import { z } from "zod";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideApproval, type ApprovalAnswer } from "../../../../lib/pilot/steps/approvalPolicy.ts";
import { defineAction, definePlugin } from "../../../../lib/plugins/definePlugin.ts";
import type { StepOf } from "../../../../lib/workflow/types.ts";
import { echo, TestPilot } from "./harness.ts";

type Fields = Partial<Omit<StepOf<"human_approval">, "id" | "type">>;

const approval = (fields: Fields, inputs = {}) => ({
  inputs,
  steps: [{ id: "ok", type: "human_approval" as const, approvers: ["ann", "bob", "cy"], ...fields }, echo("after", {})],
});

async function asked(fields: Fields = {}, inputs = {}): Promise<TestPilot> {
  const pilot = await TestPilot.create(approval(fields, inputs));
  expect((await pilot.walk()).status).toBe("waiting");
  return pilot;
}

describe("asking", () => {
  test("stores the request once and waits", async () => {
    const pilot = await asked(
      {
        title: "Pay {{input.amount}}?",
        context: { amount: "{{input.amount}}" },
        approvers: ["{{input.boss}}", "{{input.team}}"],
        timeout: 60_000,
      },
      { amount: 5, boss: "ann", team: ["bob", "ann"] },
    );
    expect(pilot.approvals()).toEqual([
      expect.objectContaining({
        stepPath: "ok",
        title: "Pay 5?",
        context: '{"amount":5}',
        approvers: ["ann", "bob"],
        status: "pending",
        expiresAtMs: Date.parse("2026-01-01T00:01:00Z"),
        resolvedAtMs: null,
      }),
    ]);
    expect(pilot.audited()).toEqual(["approval.requested"]);
    pilot.restart();
    expect(await pilot.walk()).toMatchObject({
      status: "waiting",
      waits: [{ for: "approval", until: new Date("2026-01-01T00:01:00Z"), message: expect.stringContaining("ann, bob") }],
    });
    expect(pilot.approvals()).toHaveLength(1);
  });

  test("refuses approvers that are no names", async () => {
    const pilot = await TestPilot.create(approval({ approvers: ["{{input.boss}}"] }, { boss: 7 }));
    const outcome = await pilot.walk();
    expect(outcome.status === "failed" && outcome.error.message).toContain("step ok, approvers: expected names of people, got [7]");
  });
});

describe("answers", () => {
  test("any: the first one decides", async () => {
    const pilot = await asked();
    pilot.answer("ok", "bob", "approve", "fine");
    expect((await pilot.walk()).status).toBe("completed");
    expect(pilot.output("ok")).toEqual({
      approved: true,
      decision: "approved",
      timedOut: false,
      answers: [{ approver: "bob", decision: "approve", comment: "fine", at: "2026-01-01T00:00:00.000Z" }],
    });
    expect(pilot.approvals().at(-1)).toMatchObject({ status: "approved", resolvedAtMs: Date.parse("2026-01-01T00:00:00Z") });
  });

  test("a rejection fails the step and names who and why", async () => {
    const pilot = await asked();
    pilot.answer("ok", "bob", "reject", "too dear");
    const outcome = await pilot.walk();
    expect(outcome.status === "failed" && outcome.error.code).toBe("APPROVAL_REJECTED");
    expect(outcome.status === "failed" && outcome.error.message).toContain('rejected by bob: "too dear"');
    expect(pilot.approvals().at(-1)?.status).toBe("rejected");
  });

  test("with continueOnError a rejection is data for what follows", async () => {
    const pilot = await asked({ continueOnError: true });
    pilot.answer("ok", "bob", "reject");
    expect((await pilot.walk()).status).toBe("completed");
    expect(pilot.output("ok")).toMatchObject({ approved: false, decision: "rejected" });
  });

  test("of somebody who was not asked, or without the required comment, do not count", async () => {
    const pilot = await asked({ requireComment: true });
    pilot.answer("ok", "eve", "approve", "me too");
    pilot.answer("ok", "ann", "approve", "  ");
    expect((await pilot.walk()).status).toBe("waiting");
    pilot.answer("ok", "cy", "approve", "read it");
    expect((await pilot.walk()).status).toBe("completed");
  });

  test("after the time limit do not count, though nobody has looked yet", async () => {
    const pilot = await asked({ timeout: 60_000 });
    await pilot.clock.advance(60_001);
    pilot.answer("ok", "ann", "approve");
    expect((await pilot.walk()).status).toBe("failed");
    expect(pilot.approvals().at(-1)?.status).toBe("timeout");
  });

  test("before the time limit count, though somebody looks only after it", async () => {
    const pilot = await asked({ timeout: 60_000 });
    await pilot.clock.advance(59_000);
    pilot.answer("ok", "ann", "approve");
    await pilot.clock.advance(60_000);
    expect((await pilot.walk()).status).toBe("completed");
  });
});

describe("the policy", () => {
  const answers = (text: string): ApprovalAnswer[] =>
    text
      .split("")
      .map((letter, index) => ({ approver: `p${index}`, decision: letter === "a" ? "approve" : "reject", comment: null, at: "" }));

  test.each([
    ["any", 3, "", null],
    ["any", 3, "ra", "rejected"],
    ["all", 3, "aa", null],
    ["all", 3, "aaa", "approved"],
    ["all", 3, "ar", "rejected"],
    ["majority", 3, "a", null],
    ["majority", 3, "aa", "approved"],
    ["majority", 3, "ar", null],
    ["majority", 3, "rr", "rejected"],
    ["majority", 4, "aa", null],
    ["majority", 4, "aaa", "approved"],
    ["majority", 4, "rr", "rejected"],
    ["majority", 2, "r", "rejected"],
    ["majority", 1, "a", "approved"],
  ] as const)("%s of %i with %j is %s", (type, approvers, given, verdict) => {
    expect(decideApproval(type, approvers, answers(given))).toBe(verdict);
  });

  test("decides at the latest with the last answer, and a decision stays", () => {
    const letters = fc.array(fc.constantFrom("a", "r"), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.constantFrom("any", "all", "majority"), letters, (type, given) => {
        const verdicts = given.map((_, index) => decideApproval(type, given.length, answers(given.slice(0, index + 1).join(""))));
        const first = verdicts.findIndex((verdict) => verdict !== null);
        expect(first).toBeGreaterThan(-1);
        expect(new Set(verdicts.slice(first)).size).toBe(1);
      }),
    );
  });
});

describe("time-out", () => {
  const after = async (fields: Fields): Promise<TestPilot> => {
    const pilot = await asked({ timeout: 60_000, ...fields });
    await pilot.clock.advance(60_000);
    pilot.restart();
    return pilot;
  };

  test("rejects unless said otherwise", async () => {
    const pilot = await after({});
    const outcome = await pilot.walk();
    expect(outcome.status === "failed" && outcome.error.message).toContain("nobody decided in time");
    expect(pilot.audited()).toContain("approval.timed_out");
  });

  test("approves with onTimeout approve, and says that it was a time-out", async () => {
    const pilot = await after({ onTimeout: "approve" });
    expect((await pilot.walk()).status).toBe("completed");
    expect(pilot.output("ok")).toEqual({ approved: true, decision: "approved", answers: [], timedOut: true });
    expect(pilot.approvals().at(-1)?.status).toBe("timeout");
  });

  test("escalates to others for as long again, and then rejects", async () => {
    const pilot = await after({ onTimeout: "escalate", escalateTo: ["zoe"] });
    expect(await pilot.walk()).toMatchObject({ status: "waiting", waits: [{ until: new Date("2026-01-01T00:02:00Z") }] });
    expect(pilot.approvals().at(-1)).toMatchObject({
      approvers: ["zoe"],
      status: "pending",
      escalatedAtMs: Date.parse("2026-01-01T00:01:00Z"),
    });
    expect(pilot.audited()).toEqual(["approval.requested", "approval.timed_out", "approval.escalated"]);
    pilot.answer("ok", "ann", "approve");
    expect((await pilot.walk()).status).toBe("waiting");
    await pilot.clock.advance(60_000);
    pilot.restart();
    expect((await pilot.walk()).status).toBe("failed");
    expect(new Set(pilot.approvals().map(({ id }) => id)).size).toBe(1);
  });

  test("an escalated request is decided by those it went to", async () => {
    const pilot = await after({ onTimeout: "escalate", escalateTo: ["zoe"] });
    await pilot.walk();
    pilot.answer("ok", "zoe", "approve");
    expect((await pilot.walk()).status).toBe("completed");
    expect(pilot.output("ok")).toMatchObject({ approved: true, timedOut: false });
  });
});

describe("notification", () => {
  const outbox = (delivered: unknown[], fails = false) =>
    definePlugin({
      name: "outbox",
      version: "1.0.0",
      description: "x",
      actions: {
        deliver: defineAction({
          description: "x",
          effect: "write",
          idempotency: { by: "natural", windowHours: 1 },
          params: z.looseObject({}),
          run: async (params, context) => {
            if (fails) throw new Error("full");
            delivered.push({ ...params, key: context.idempotencyKey });
            return null;
          },
        }),
      },
    });

  test("goes out once through the outbox; channels that do not exist are a warning", async () => {
    const delivered: Record<string, unknown>[] = [];
    const pilot = await TestPilot.create({
      ...approval({ title: "Pay?", notificationChannels: [{ type: "outbox", config: { channel: "money" } }, { type: "slack" }] }),
      plugins: [outbox(delivered)],
    });
    await pilot.walk();
    pilot.restart();
    await pilot.walk();
    expect(delivered).toHaveLength(1);
    expect(delivered[0]).toMatchObject({
      to: ["ann", "bob", "cy"],
      subject: "Pay?",
      channel: "money",
      body: { approvalId: pilot.approvals()[0]?.id, step: "ok" },
    });
    pilot.answer("ok", "ann", "approve");
    await pilot.walk();
    expect(pilot.detail("ok").warnings).toEqual(['notification channel "slack" is not available: nobody was told through it']);
  });

  test("that fails does not stop the request", async () => {
    const pilot = await TestPilot.create({ ...approval({ notificationChannels: [{ type: "outbox" }] }), plugins: [outbox([], true)] });
    expect((await pilot.walk()).status).toBe("waiting");
    expect(pilot.approvals()).toHaveLength(1);
  });
});
