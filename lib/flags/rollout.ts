// What one flag's value means for one agent and execution: pure, no clock, no database. Order of precedence as in the design:
// false (kill switch) · observe · the agent's own switch off · exclude · own switch on · include · percentage. Then the hold-out.
import { z } from "zod";
import { sha256 } from "../core/ids.ts";
import type { JsonValue } from "../core/json.ts";

const percent = z.number().min(0).max(100);
/** Ids or names of agents. */
const agents = z.array(z.string().min(1).max(200)).max(10_000);

const rolloutSchema = z
  .strictObject({
    /** 0–100: share of agents, by stable hash of their id. Absent: only `include` and agents switched on themselves. */
    percentage: percent.default(0),
    /** `new`: the percentage counts only agents made at or after `since`. */
    cohort: z.literal("new").optional(),
    since: z.iso.datetime({ offset: true }).optional(),
    include: agents.default([]),
    exclude: agents.default([]),
    /** 0–100: share of executions that take the direct path all the same, for comparison. */
    holdout: percent.default(0),
  })
  .refine(({ cohort, since }) => since === undefined || cohort === "new", { path: ["since"], message: 'needs "cohort": "new"' });

const flagValueSchema = z.union([z.boolean(), z.literal("observe"), rolloutSchema]);

export type RolloutValue = z.infer<typeof rolloutSchema>;
export type FlagValue = false | true | "observe" | RolloutValue;
export type FlagState = "off" | "observe" | "on";

export interface FlaggedAgent {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** The agent's own switch (`agents.orchestration`); null: as the flags say. */
  readonly orchestration: "off" | "on" | null;
}

export interface FlagDecision {
  readonly state: FlagState;
  /** One word for counting: what decided. */
  readonly decidedBy:
    | "kill_switch"
    | "observe"
    | "agent_off"
    | "excluded"
    | "agent_on"
    | "included"
    | "everyone"
    | "percentage"
    | "cohort"
    | "holdout"
    | "override";
  /** The questions asked, in order, with their answers. */
  readonly trail: readonly string[];
}

export type ParsedFlag = { readonly ok: true; readonly value: FlagValue } | { readonly ok: false; readonly fault: string };

export function parseFlagValue(value: JsonValue): ParsedFlag {
  const parsed = flagValueSchema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    // The union's own message would list all three forms; the object form was meant.
    const issues = rolloutSchema.safeParse(value).error?.issues ?? parsed.error.issues;
    return {
      ok: false,
      fault: issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)).join("; "),
    };
  }
  return { ok: false, fault: `expected false, "observe", true or an object such as {"percentage": 25}, got ${JSON.stringify(value)}` };
}

/**
 * Where an id stands between 0 (inclusive) and 100 (exclusive). The same for all flags, so that the agents of a small
 * share are also in every larger one, of any flag; the purpose keeps agents and hold-out executions apart.
 */
export function bucketOf(purpose: "rollout" | "holdout", id: string): number {
  return (sha256(`${purpose}:${id}`).readUIntBE(0, 6) / 2 ** 48) * 100;
}

export function decideFlag(value: FlagValue, agent: FlaggedAgent, executionId: string): FlagDecision {
  const trail: string[] = [];
  const decide = (state: FlagState, decidedBy: FlagDecision["decidedBy"], answer: string): FlagDecision => ({
    state,
    decidedBy,
    trail: [...trail, answer],
  });

  if (value === false) return decide("off", "kill_switch", "the flag is false: off for everyone");
  if (value === "observe") return decide("observe", "observe", "the flag is observe: decisions are recorded, none is acted on");
  if (agent.orchestration === "off") return decide("off", "agent_off", "the agent's own switch is off");
  if (value === true && agent.orchestration === null) return decide("on", "everyone", "the flag is true: on for everyone");
  if (value === true) return decide("on", "agent_on", "the agent's own switch is on");

  const chosen = chooseAgent(value, agent);
  if (chosen.state === "off" || value.holdout === 0) return decide(chosen.state, chosen.decidedBy, chosen.answer);
  trail.push(chosen.answer);
  const bucket = bucketOf("holdout", executionId);
  if (bucket < value.holdout)
    return decide("off", "holdout", `the execution is held out: its bucket ${shown(bucket)} is below ${value.holdout}`);
  return decide("on", chosen.decidedBy, `the execution is not held out: its bucket ${shown(bucket)} is not below ${value.holdout}`);
}

interface AgentChoice {
  readonly state: "off" | "on";
  readonly decidedBy: FlagDecision["decidedBy"];
  readonly answer: string;
}

function chooseAgent(value: RolloutValue, agent: FlaggedAgent): AgentChoice {
  if (isListed(value.exclude, agent)) return { state: "off", decidedBy: "excluded", answer: "the agent is excluded" };
  if (agent.orchestration === "on") return { state: "on", decidedBy: "agent_on", answer: "the agent's own switch is on" };
  if (isListed(value.include, agent)) return { state: "on", decidedBy: "included", answer: "the agent is included" };
  if (value.cohort === "new" && !isNew(value, agent)) {
    const answer =
      value.since === undefined ? "nobody is in the cohort `new`: it has no `since`" : `the agent was made before ${value.since}`;
    return { state: "off", decidedBy: "cohort", answer };
  }
  const bucket = bucketOf("rollout", agent.id);
  const isIn = bucket < value.percentage;
  return {
    state: isIn ? "on" : "off",
    decidedBy: "percentage",
    answer: `the agent's bucket ${shown(bucket)} is ${isIn ? "" : "not "}below ${value.percentage}`,
  };
}

export function isListed(list: readonly string[], agent: Pick<FlaggedAgent, "id" | "name">): boolean {
  return list.includes(agent.id) || list.includes(agent.name);
}

function isNew({ since }: RolloutValue, { createdAtMs }: FlaggedAgent): boolean {
  return since !== undefined && createdAtMs >= Date.parse(since);
}

function shown(bucket: number): string {
  return bucket.toFixed(2);
}
