import { assert, double, property, uuid } from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketOf, decideFlag, parseFlagValue, type FlaggedAgent, type FlagValue } from "../../../lib/flags/rollout.ts";

const agent: FlaggedAgent = {
  id: "0195f3a2-0000-7000-8000-000000000001",
  name: "mailer",
  createdAtMs: Date.parse("2026-02-01T00:00:00Z"),
  orchestration: null,
};

function value(rollout: Record<string, unknown>): FlagValue {
  const parsed = parseFlagValue(rollout as never);
  if (!parsed.ok) throw new Error(parsed.fault);
  return parsed.value;
}

function stateOf(flag: FlagValue, changes: Partial<FlaggedAgent> = {}, executionId = "e1"): string {
  const { state, decidedBy } = decideFlag(flag, { ...agent, ...changes }, executionId);
  return `${state} ${decidedBy}`;
}

describe("decideFlag", () => {
  const wide = { percentage: 100, include: ["mailer"], exclude: [] };

  test("false beats everything, the agent's own switch included", () => {
    expect(stateOf(false, { orchestration: "on" })).toBe("off kill_switch");
  });

  test("observe never acts, whatever the agent's own switch says", () => {
    expect(stateOf("observe", { orchestration: "on" })).toBe("observe observe");
    expect(stateOf("observe", { orchestration: "off" })).toBe("observe observe");
  });

  test("the own switch off beats true, include and percentage", () => {
    expect(stateOf(true, { orchestration: "off" })).toBe("off agent_off");
    expect(stateOf(value(wide), { orchestration: "off" })).toBe("off agent_off");
  });

  test("exclude beats the own switch on, include and percentage", () => {
    expect(stateOf(value({ ...wide, exclude: [agent.id] }), { orchestration: "on" })).toBe("off excluded");
    expect(stateOf(value({ ...wide, exclude: ["mailer"] }))).toBe("off excluded");
  });

  test("the own switch on needs no include, no cohort and no percentage", () => {
    expect(stateOf(value({ percentage: 0, cohort: "new" }), { orchestration: "on" })).toBe("on agent_on");
    expect(stateOf(true, { orchestration: "on" })).toBe("on agent_on");
  });

  test("include needs no cohort and no percentage", () => {
    expect(stateOf(value({ include: [agent.id] }))).toBe("on included");
  });

  test("percentage 0 is off, 100 and true are on", () => {
    expect([stateOf(value({ percentage: 0 })), stateOf(value({ percentage: 100 })), stateOf(true)]).toEqual([
      "off percentage",
      "on percentage",
      "on everyone",
    ]);
  });

  test("cohort new takes agents made at `since` or later only", () => {
    const since = "2026-02-01T01:00:00+01:00";

    expect(stateOf(value({ percentage: 100, cohort: "new", since }))).toBe("on percentage");
    expect(stateOf(value({ percentage: 100, cohort: "new", since }), { createdAtMs: agent.createdAtMs - 1 })).toBe("off cohort");
    expect(stateOf(value({ percentage: 100, cohort: "new" }))).toBe("off cohort");
  });

  test("holds executions out however the agent came in", () => {
    const holdout = 100;

    expect(stateOf(value({ percentage: 100, holdout }))).toBe("off holdout");
    expect(stateOf(value({ include: ["mailer"], holdout }))).toBe("off holdout");
    expect(stateOf(value({ holdout }), { orchestration: "on" })).toBe("off holdout");
    expect(stateOf(value({ percentage: 0, holdout }))).toBe("off percentage");
  });

  test("tells every question it asked", () => {
    const { trail } = decideFlag(value({ percentage: 100, holdout: 100 }), agent, "e1");

    expect(trail).toHaveLength(2);
    expect(trail[0]).toMatch(/^the agent's bucket [\d.]+ is below 100$/);
    expect(trail[1]).toMatch(/^the execution is held out/);
  });
});

describe("percentages", () => {
  const percent = double({ min: 0, max: 100, noNaN: true });

  test("a smaller share lies inside a larger one", () => {
    const isIn = (id: string, percentage: number): boolean => decideFlag(value({ percentage }), { ...agent, id }, "e").state === "on";

    assert(
      property(uuid(), percent, percent, (id, a, b) => {
        expect(Number(isIn(id, Math.min(a, b)))).toBeLessThanOrEqual(Number(isIn(id, Math.max(a, b))));
      }),
    );
  });

  test("a smaller hold-out lies inside a larger one", () => {
    const isOut = (id: string, holdout: number): boolean =>
      decideFlag(value({ percentage: 100, holdout }), agent, id).decidedBy === "holdout";

    assert(
      property(uuid(), percent, percent, (id, a, b) => {
        expect(Number(isOut(id, Math.min(a, b)))).toBeLessThanOrEqual(Number(isOut(id, Math.max(a, b))));
      }),
    );
  });

  test.each([1, 10, 25, 50])(
    "%i percent of 20 000 agents are about that many, and hold-out does not follow the agents' buckets",
    (percentage) => {
      const ids = Array.from({ length: 20_000 }, (_, index) => `agent-${index}`);
      const inShare = ids.filter((id) => bucketOf("rollout", id) < percentage);
      const inBoth = inShare.filter((id) => bucketOf("holdout", id) < 50);

      // Four standard deviations.
      const spread = 4 * Math.sqrt(20_000 * (percentage / 100) * (1 - percentage / 100));
      expect(Math.abs(inShare.length - 200 * percentage)).toBeLessThan(spread);
      expect(Math.abs(inBoth.length - inShare.length / 2)).toBeLessThan(4 * Math.sqrt(inShare.length / 4));
    },
  );

  test("buckets do not change from version to version", () => {
    expect([bucketOf("rollout", "a"), bucketOf("holdout", "a")].map((bucket) => bucket.toFixed(4))).toEqual(["5.2679", "76.7893"]);
  });
});

describe("parseFlagValue", () => {
  test("takes the four forms, the object's members all optional", () => {
    expect(
      parseFlagValue({ percentage: 25, cohort: "new", since: "2026-01-01T00:00:00Z", include: [], exclude: [], holdout: 0 }),
    ).toMatchObject({ ok: true });
    expect(parseFlagValue({})).toEqual({ ok: true, value: { percentage: 0, include: [], exclude: [], holdout: 0 } });
    expect([false, true, "observe"].map((form) => parseFlagValue(form).ok)).toEqual([true, true, true]);
  });

  test.each([
    ["on"],
    ["true"],
    [1],
    [null],
    [[]],
    [{ percentage: 101 }],
    [{ percent: 5 }],
    [{ since: "2026-01-01T00:00:00Z" }],
    [{ cohort: "new", since: "yesterday" }],
    [{ cohort: "old" }],
  ])("refuses %j and says why", (form) => {
    const parsed = parseFlagValue(form);

    expect(parsed).toEqual({ ok: false, fault: expect.stringMatching(/\S{3}/) });
  });

  test("names the member at fault", () => {
    expect(parseFlagValue({ percentage: 101 })).toEqual({ ok: false, fault: expect.stringContaining("percentage") });
    expect(parseFlagValue("on")).toEqual({ ok: false, fault: expect.stringContaining('got "on"') });
  });
});
