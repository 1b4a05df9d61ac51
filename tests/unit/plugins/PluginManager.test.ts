import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineAction, definePlugin, type PluginDefinition } from "../../../lib/plugins/definePlugin.ts";
import { PluginManager } from "../../../lib/plugins/PluginManager.ts";
import type { ActionDefinition } from "../../../lib/plugins/types.ts";

function echo(extra: Partial<ActionDefinition> = {}) {
  return defineAction({
    description: "Gives back its text",
    effect: "none",
    idempotency: { by: "natural", windowHours: 1 },
    params: z.object({ text: z.string() }),
    run: async (params) => (params as { text: string }).text,
    ...extra,
  });
}

function pluginOf(extra: Partial<PluginDefinition> = {}) {
  return definePlugin({ name: "echo", version: "1.0.0", description: "Echoes", actions: { say: echo() }, ...extra });
}

describe("PluginManager", () => {
  test("gives what is registered and null for what is not", () => {
    const manager = new PluginManager();
    manager.register(pluginOf());
    expect(manager.get("echo")?.version).toBe("1.0.0");
    expect(manager.get("other")).toBeNull();
    expect(manager.list().map(({ name }) => name)).toEqual(["echo"]);
  });

  test("refuses a second plugin of one name and says which versions clash", () => {
    const manager = new PluginManager();
    manager.register(pluginOf());
    expect(() => manager.register(pluginOf({ version: "2.0.0" }))).toThrow(/echo 2\.0\.0 clashes with echo 1\.0\.0/);
  });

  test("says why a configured plugin is not there, and takes it once it is", () => {
    const manager = new PluginManager();
    manager.noteMissing(new Map([["echo", "its server does not answer"]]));
    expect(() => manager.require("echo")).toThrow(/there is no plugin "echo": its server does not answer/);
    manager.replace(pluginOf());
    manager.replace(pluginOf({ version: "2.0.0" }));
    expect(manager.require("echo").version).toBe("2.0.0");
  });

  test("suggests the plugin and the action that were meant", () => {
    const manager = new PluginManager();
    manager.register(pluginOf());
    expect(() => manager.require("ecko")).toThrow(
      expect.objectContaining({ code: "PLUGIN_UNKNOWN", message: expect.stringContaining('did you mean "echo"?') }),
    );
    expect(() => manager.requireAction("echo", "sey")).toThrow(
      expect.objectContaining({ code: "PLUGIN_ACTION_UNKNOWN", message: expect.stringContaining('did you mean "say"?') }),
    );
  });

  test("names both sides of every unmet requirement at once", () => {
    const manager = new PluginManager();
    manager.register(pluginOf({ requires: ["mail", "slack"] }), pluginOf({ name: "report", requires: ["echo", "ledger"] }));
    expect(() => manager.checkRequires(["slack"])).toThrow(/echo requires "mail".*report requires "ledger"/);
    expect(() => manager.checkRequires(["slack", "mail", "ledger"])).not.toThrow();
  });

  test("is a catalogue of schemas and labels", () => {
    const manager = new PluginManager();
    manager.register(pluginOf());
    expect(manager.plugins()).toEqual(["echo"]);
    expect(manager.actions("echo")).toEqual(["say"]);
    expect(manager.actions("none")).toEqual([]);
    expect(manager.action("echo", "say")).toMatchObject({
      effect: "none",
      canVerify: false,
      timeoutMs: 30_000,
      params: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    });
    expect(manager.action("echo", "toString")).toBeUndefined();
    expect(JSON.parse(JSON.stringify(manager.action("echo", "say")))).toEqual(expect.objectContaining({ action: "say" }));
  });
});

describe("definePlugin", () => {
  test.each([
    ["a name with spaces", { name: "my plugin" }, /"my plugin"/],
    ["no actions", { actions: {} }, /no actions/],
    ["an action name with a dot", { actions: { "a.b": echo() } }, /"a\.b"/],
    ["a schema that does not compile", { actions: { say: echo({ params: { type: "nonsense" } }) } }, /echo\.say params/],
    ["a window with none", { actions: { say: echo({ idempotency: { by: "none", windowHours: 1 } }) } }, /windowHours/],
    [
      "an endless window",
      { actions: { say: echo({ idempotency: { by: "header", windowHours: Number.POSITIVE_INFINITY } }) } },
      /windowHours/,
    ],
    ["a time-out of zero", { actions: { say: echo({ timeoutMs: 0 }) } }, /timeoutMs/],
    ["a rate limit without calls", { actions: { say: echo({ rateLimit: { calls: 0, perMs: 10 } }) } }, /calls/],
    ["a negative price", { actions: { say: echo({ costUsd: -1 }) } }, /costUsd/],
  ])("refuses %s", (_, extra, message) => {
    expect(() => pluginOf(extra)).toThrow(expect.objectContaining({ code: "PLUGIN_INVALID", message: expect.stringMatching(message) }));
  });
});
