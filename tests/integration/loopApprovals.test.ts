// Destructive tools of a loop: offered only with somebody to ask, called only when that person agrees, and asked about once.
import { describe, expect, test } from "vitest";
import type { ModelRequest } from "../../lib/models/types.ts";
import type { ScriptedAnswer } from "../../lib/testing/ScriptedModel.ts";
import { defineWorkflow } from "../../lib/workflow/defineWorkflow.ts";
import { createTestSystem, type TestSystem } from "./testSystem.ts";

const agent = defineWorkflow({
  name: "sender",
  model: "openai/gpt-4o-mini",
  steps: [{ id: "ask", type: "llm_decision", prompt: "Tell Ada and Ben.", plugins: ["probe"], approvers: ["{{input.boss}}"] }],
});
const inputs = { boss: "ines" };

const sends: ScriptedAnswer = {
  toolCalls: [
    { name: "probe__send", arguments: { to: "ada", text: "{{input.boss}}" } },
    { name: "probe__read", arguments: { what: "list" } },
    { name: "probe__send", arguments: { to: "ben" } },
  ],
};

function openSender(): Promise<TestSystem> {
  return createTestSystem({ script: (request) => (request.messages.length === 1 ? sends : { text: "Told." }) });
}

function lastText(request: ModelRequest | undefined): string {
  return JSON.stringify(request?.messages.at(-1)?.content ?? null);
}

describe("a destructive tool", () => {
  test("is called after a person agreed, with the others of its turn, in order and once", async () => {
    await using opened = await openSender();
    const { system, probe, model } = opened;
    const waiting = await opened.run({ definition: agent, inputs });
    expect([waiting.status, waiting.waitingFor]).toEqual(["waiting", "approval"]);
    expect(probe.calls).toEqual([]);

    const asked = (await system.listApprovals({})).toSorted((left, right) => (left.path < right.path ? -1 : 1));
    expect(asked.map(({ approvers, context }) => [approvers, context])).toEqual([
      [["ines"], { plugin: "probe", action: "send", params: { to: "ada", text: "{{input.boss}}" } }],
      [["ines"], { plugin: "probe", action: "send", params: { to: "ben" } }],
    ]);
    for (const { id } of asked) await system.answerApproval({ id, decision: "approve", approver: "ines" });
    const report = await system.wait(waiting.executionId);

    expect(report).toMatchObject({ status: "completed", output: "Told." });
    expect(probe.calls.map(({ action, params }) => [action, params])).toEqual([
      ["send", { to: "ada", text: "{{input.boss}}" }],
      ["read", { what: "list" }],
      ["send", { to: "ben" }],
    ]);
    // What the model asked for was stored: it is not asked again after the wait.
    expect(model.requests).toHaveLength(2);
  });

  test("is not called when the person says no: the model is told, and what was agreed to is done", async () => {
    await using opened = await openSender();
    const waiting = await opened.run({ definition: agent, inputs });
    const [ada, ben] = (await opened.system.listApprovals({})).toSorted((left, right) => (left.path < right.path ? -1 : 1));
    await opened.system.answerApproval({ id: ada?.id ?? "", decision: "reject", approver: "ines", comment: "Ada is on leave." });
    await opened.system.answerApproval({ id: ben?.id ?? "", decision: "approve", approver: "ines" });
    const report = await opened.system.wait(waiting.executionId);

    expect(report.status).toBe("completed");
    expect(opened.probe.calls.map(({ params }) => params)).toEqual([{ what: "list" }, { to: "ben" }]);
    expect(lastText(opened.model.requests[1])).toContain("not approved by a person");
    expect(lastText(opened.model.requests[1])).toContain("Ada is on leave.");
  });

  test("is no tool where nobody can be asked", async () => {
    await using opened = await openSender();
    const definition = defineWorkflow({
      name: "reader",
      model: "openai/gpt-4o-mini",
      steps: [{ id: "ask", type: "llm_decision", prompt: "Tell Ada and Ben.", plugins: ["probe"] }],
    });
    await opened.run({ definition, inputs });

    const [first, second] = opened.model.requests;
    expect(first?.tools?.map(({ name }) => name)).not.toContain("probe__send");
    expect(lastText(second)).toContain("There is no tool");
    expect(opened.probe.calls.map(({ action }) => action)).toEqual(["read"]);
  });
});
