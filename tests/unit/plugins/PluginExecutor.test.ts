import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { AppError } from "../../../lib/core/errors.ts";
import { createGuardedFetch } from "../../../lib/core/guardedFetch.ts";
import type { WorkspaceId } from "../../../lib/core/ids.ts";
import { createSecret } from "../../../lib/plugins/createSecret.ts";
import { defineAction, definePlugin } from "../../../lib/plugins/definePlugin.ts";
import { FileJail } from "../../../lib/plugins/files/FileJail.ts";
import type { ConnectionSource, Plugin } from "../../../lib/plugins/types.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { callOf, dataOf, errorOf, executorOf, pluginWith } from "./executorOf.ts";
import { json, LoopbackServer } from "./LoopbackServer.ts";
import { openTestFolder } from "./openTestFolder.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

function throwing(error: unknown): Plugin {
  return pluginWith({
    run: async () => {
      throw error;
    },
  });
}

async function failureOf(plugin: Plugin) {
  return errorOf(await executorOf([plugin]).execute(callOf("p", "a", {})));
}

describe("params", () => {
  test("are coerced, get the schema's defaults, and reach run with their types", async () => {
    const seen: unknown[] = [];
    const plugin = definePlugin({
      name: "p",
      version: "1.0.0",
      description: "x",
      actions: {
        a: defineAction({
          description: "x",
          effect: "none",
          idempotency: { by: "natural", windowHours: 1 },
          params: z.object({ count: z.int(), to: z.array(z.string()), limit: z.int().default(7) }),
          run: async (params) => {
            const sum: number = params.count + params.limit;
            seen.push(params);
            return sum;
          },
        }),
      },
    });
    expect(dataOf(await executorOf([plugin]).execute(callOf("p", "a", { count: "5", to: "me" })))).toBe(12);
    expect(seen).toEqual([{ count: 5, to: ["me"], limit: 7 }]);
  });

  test.each([
    ["zod", z.strictObject({ to: z.string().min(1), count: z.int() })],
    [
      "JSON Schema",
      {
        type: "object",
        properties: { to: { type: "string", minLength: 1 }, count: { type: "integer" } },
        required: ["to", "count"],
        additionalProperties: false,
      },
    ],
  ])("of a %s schema are refused with every defect, before run", async (_, params) => {
    const run = vi.fn<() => Promise<null>>(async () => null);
    const outcome = errorOf(await executorOf([pluginWith({ params, run })]).execute(callOf("p", "a", { count: "many", extra: 1 })));
    expect(outcome.effectHappened).toBe("no");
    expect(outcome.error.code).toBe("PARAMS_INVALID");
    for (const part of ["to: is required", "count:", "extra: is not a known field", '"many"'])
      expect(outcome.error.message).toContain(part);
    expect(outcome.error.details["defects"]).toHaveLength(3);
    expect(run).not.toHaveBeenCalled();
  });

  test("defaults of a JSON Schema are filled in without touching the caller's object", async () => {
    const params = Object.freeze({});
    const plugin = pluginWith({
      params: { type: "object", properties: { limit: { type: "integer", default: 3 } } },
      run: async (given) => given as never,
    });
    expect(dataOf(await executorOf([plugin]).execute(callOf("p", "a", params)))).toEqual({ limit: 3 });
  });

  test("long values are not repeated in errors", async () => {
    const outcome = errorOf(
      await executorOf([pluginWith({ params: z.object({ count: z.number() }) })]).execute(
        callOf("p", "a", { count: "private ".repeat(100) }),
      ),
    );
    expect(outcome.error.message).toContain("a text of 800 characters");
    expect(JSON.stringify(outcome.error.details)).not.toContain("private");
  });
});

describe("outputs", () => {
  test("that do not fit their schema are refused, and a write has perhaps happened", async () => {
    const outcome = await failureOf(pluginWith({ output: z.object({ id: z.string() }), run: async () => ({ id: 5 }) }));
    expect(outcome.error.code).toBe("OUTPUT_INVALID");
    expect(outcome.error.message).toContain("id:");
    expect(outcome.effectHappened).toBe("maybe");
  });

  test("keep fields that the schema does not name", async () => {
    const plugin = pluginWith({ output: z.object({ id: z.string() }), run: async () => ({ id: "1", more: true }) });
    expect(dataOf(await executorOf([plugin]).execute(callOf("p", "a", {})))).toEqual({ id: "1", more: true });
  });

  test("of 50 MB are refused with both sizes", async () => {
    const outcome = await failureOf(pluginWith({ run: async () => "x".repeat(50_000_000) }));
    expect(outcome.error.code).toBe("OUTPUT_TOO_LARGE");
    expect(outcome.error.message).toMatch(/10000000 bytes: at least 50000002/);
  });

  test("that JSON cannot hold are refused", async () => {
    expect((await failureOf(pluginWith({ run: async () => ({ big: 1n }) as never }))).error.code).toBe("OUTPUT_UNSTORABLE");
  });
});

describe("time", () => {
  test("a plugin that ignores its signal is abandoned at its time-out, and what it yields later is dropped", async () => {
    const clock = new ManualClock();
    const late = Promise.withResolvers<null>();
    let signal: AbortSignal | undefined;
    const plugin = pluginWith({
      timeoutMs: 5_000,
      run: async (_, context) => {
        signal = context.signal;
        return late.promise;
      },
    });
    const running = executorOf([plugin], { clock }).execute(callOf("p", "a", {}));
    await clock.advance(4_999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    const outcome = errorOf(await running);
    expect(outcome.error.code).toBe("STEP_TIMEOUT");
    expect(outcome.error.message).toContain("5000 ms");
    expect(outcome.effectHappened).toBe("maybe");
    expect(signal?.aborted).toBe(true);
    late.reject(new Error("too late to matter"));
    await clock.advance(0);
    expect(clock.waiting).toBe(0);
  });

  test("a plugin that first looks at its signal after its time-out finds it aborted, and keeps one signal", async () => {
    const clock = new ManualClock();
    const late = Promise.withResolvers<null>();
    const looked = Promise.withResolvers<readonly AbortSignal[]>();
    const plugin = pluginWith({
      timeoutMs: 5_000,
      run: async (_, context) => {
        await late.promise;
        looked.resolve([context.signal, context.signal]);
        return null;
      },
    });
    const running = executorOf([plugin], { clock }).execute(callOf("p", "a", {}));
    await clock.advance(5_000);
    const { error } = errorOf(await running);
    late.resolve(null);
    const [signal, again] = await looked.promise;
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBe(error);
    expect(again).toBe(signal);
  });

  test("an abandoned plugin can send and write nothing more", async () => {
    const clock = new ManualClock();
    const folder = await openTestFolder();
    open.push(folder);
    const server = await LoopbackServer.open({ "/": json({}) });
    open.push(server);
    const client = createGuardedFetch({ allowedPrivateHosts: ["127.0.0.1"] });
    open.push(client);
    const resume = Promise.withResolvers<void>();
    const attempts: Promise<unknown>[] = [];
    const tried = Promise.withResolvers<void>();
    const plugin = pluginWith({
      run: async (_, context) => {
        await resume.promise;
        attempts.push(context.fetch(server.url, { method: "POST" }), context.files.write("late.txt", Buffer.from("late")));
        tried.resolve();
        return null;
      },
    });
    const options = { clock, fetch: client.fetch, filesOf: () => new FileJail({ root: folder.path, clock }) };
    const running = executorOf([plugin], options).execute(callOf("p", "a", {}));
    await clock.advance(30_000);
    expect(errorOf(await running).error.code).toBe("STEP_TIMEOUT");
    resume.resolve();
    await tried.promise;
    expect((await Promise.allSettled(attempts)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(server.arrivals).toEqual([]);
    expect(await folder.snapshot()).toEqual({});
  });

  test("the caller's abort ends the call at once with the caller's reason", async () => {
    const abort = new AbortController();
    const running = executorOf([pluginWith({ run: async () => new Promise(() => undefined) })]).execute(
      callOf("p", "a", {}, { signal: abort.signal }),
    );
    abort.abort(new AppError("EXECUTION_TIMEOUT", "the execution's hour is over"));
    const outcome = errorOf(await running);
    expect(outcome.error.code).toBe("EXECUTION_TIMEOUT");
    expect(outcome.effectHappened).toBe("maybe");
  });

  test("no timer is left behind by a call that ended", async () => {
    const clock = new ManualClock();
    await executorOf([pluginWith({})], { clock }).execute(callOf("p", "a", {}));
    await clock.advance(0);
    expect(clock.waiting).toBe(0);
  });
});

describe("rate limits", () => {
  test("make calls wait, workspaces apart, and the wait is not part of the time-out", async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    const plugin = pluginWith({
      rateLimit: { calls: 1, perMs: 40_000 },
      timeoutMs: 1_000,
      run: async (_, { workspaceId }) => {
        ran.push(`${workspaceId}@${clock.monotonicMs()}`);
        return null;
      },
    });
    const executor = executorOf([plugin], { clock });
    const calls = ["a", "a", "b"].map(async (workspace) =>
      executor.execute(callOf("p", "a", {}, { workspaceId: workspace as WorkspaceId })),
    );
    await clock.advance(40_000);
    expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
    expect(ran.sort()).toEqual(["a@0", "a@40000", "b@0"]);
  });

  test("a wait beyond the bound comes back with its time instead", async () => {
    const clock = new ManualClock();
    const executor = executorOf([pluginWith({ rateLimit: { calls: 1, perMs: 3_600_000 } })], { clock });
    await executor.execute(callOf("p", "a", {}));
    const outcome = errorOf(await executor.execute(callOf("p", "a", {})));
    expect(outcome.error).toMatchObject({ code: "RATE_LIMITED", retry: { afterMs: 3_600_000 } });
    expect(outcome.effectHappened).toBe("no");
  });
});

describe("failures", () => {
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  test.each<[string, unknown, string, "no" | "maybe"]>([
    ["an error of its own", new Error("boom"), "PLUGIN_FAILED", "maybe"],
    ["something that is no error", "boom", "PLUGIN_FAILED", "maybe"],
    ["a refused connection", refused, "UPSTREAM_UNAVAILABLE", "no"],
    ["a refused connection, wrapped", new TypeError("fetch failed", { cause: refused }), "UPSTREAM_UNAVAILABLE", "no"],
    ["every address refused", new AggregateError([refused, refused]), "UPSTREAM_UNAVAILABLE", "no"],
    [
      "one address refused, one broken off",
      new AggregateError([refused, Object.assign(new Error("x"), { code: "ECONNRESET" })]),
      "PLUGIN_FAILED",
      "maybe",
    ],
    ["a name that does not exist", Object.assign(new Error("x"), { code: "ENOTFOUND" }), "UPSTREAM_UNAVAILABLE", "no"],
    ["a certificate that is not trusted", Object.assign(new Error("x"), { code: "SELF_SIGNED_CERT_IN_CHAIN" }), "UPSTREAM_REJECTED", "no"],
    ["a reset", Object.assign(new Error("x"), { code: "ECONNRESET" }), "PLUGIN_FAILED", "maybe"],
    ["a 400", Object.assign(new Error("x"), { status: 400 }), "UPSTREAM_REJECTED", "no"],
    ["a 429", Object.assign(new Error("x"), { statusCode: 429 }), "RATE_LIMITED", "no"],
    ["a 409, under which an earlier try may be at work", Object.assign(new Error("x"), { status: 409 }), "UPSTREAM_REJECTED", "maybe"],
    ["a 502", Object.assign(new Error("x"), { status: 502 }), "UPSTREAM_UNAVAILABLE", "maybe"],
    ["params refused by the plugin", new AppError("PARAMS_INVALID", "x"), "PARAMS_INVALID", "no"],
    ["a full disk with nothing written", new AppError("DISK_FULL", "x", { details: { accepted: "no" } }), "DISK_FULL", "no"],
  ])("%s is classified", async (_, thrown, code, effectHappened) => {
    const outcome = await failureOf(throwing(thrown));
    expect(outcome.error.code).toBe(code);
    expect(outcome.effectHappened).toBe(effectHappened);
    expect(outcome.error.message).toMatch(/^p\.a/);
  });

  test("a plugin that throws before its first await is a failure like any other", async () => {
    const plugin = pluginWith({
      run: () => {
        throw new Error("at once");
      },
    });
    expect((await failureOf(plugin)).error.message).toContain("at once");
  });

  test("a read never has an effect", async () => {
    const plugin = pluginWith({ effect: "read", run: async () => Promise.reject(new Error("boom")) });
    expect((await failureOf(plugin)).effectHappened).toBe("no");
  });

  test("a refusal after an accepted request proves nothing about that one", async () => {
    const server = await LoopbackServer.open({ "POST /first": json({}), "POST /second": json({}, 400), "POST /refused": json({}, 422) });
    open.push(server);
    const client = createGuardedFetch({ allowedPrivateHosts: ["127.0.0.1"] });
    open.push(client);
    const sending = (...paths: string[]): Plugin =>
      pluginWith({
        run: async (_, context) => {
          for (const path of paths) {
            const { status } = await context.fetch(`${server.url}${path}`, { method: "POST" });
            if (status >= 400) throw Object.assign(new Error("refused"), { status });
          }
          return null;
        },
      });
    const outcomeOf = async (plugin: Plugin) => errorOf(await executorOf([plugin], { fetch: client.fetch }).execute(callOf("p", "a", {})));
    expect((await outcomeOf(sending("/first", "/second"))).effectHappened).toBe("maybe");
    expect((await outcomeOf(sending("/refused"))).effectHappened).toBe("no");
  });

  test("secrets in a plugin's messages are masked", async () => {
    const outcome = await failureOf(throwing(new Error("401 for Bearer abcdefghijklmnopqrstuvwxyz")));
    expect(outcome.error.message).not.toContain("abcdefghijklmnop");
  });

  test("an unknown plugin or action is named with what was meant", async () => {
    const executor = executorOf([pluginWith({})]);
    expect(errorOf(await executor.execute(callOf("pp", "a", {}))).error.code).toBe("PLUGIN_UNKNOWN");
    expect(errorOf(await executor.execute(callOf("p", "b", {}))).error.code).toBe("PLUGIN_ACTION_UNKNOWN");
  });
});

describe("connections", () => {
  test("that are missing stop the call before it begins", async () => {
    const run = vi.fn<() => Promise<null>>(async () => null);
    const outcome = errorOf(await executorOf([pluginWith({ connection: true, run })]).execute(callOf("p", "a", {})));
    expect(outcome).toMatchObject({
      effectHappened: "no",
      error: { code: "CONNECTION_MISSING", hint: expect.stringContaining("connections set p") },
    });
    expect(run).not.toHaveBeenCalled();
  });

  test("are looked up in the caller's workspace, and print as nothing", async () => {
    const findSecret = vi.fn<ConnectionSource["findSecret"]>(async (_, name) => createSecret(name, "s3cret"));
    let shown = "";
    const plugin = pluginWith({
      run: async (_, context) => {
        const secret = await context.connection("mail");
        shown = `${(secret as { toString(): string }).toString()} ${JSON.stringify({ secret })} ${inspect(secret)}`;
        return secret.reveal();
      },
    });
    expect(
      dataOf(
        await executorOf([plugin], { connections: { findSecret } }).execute(callOf("p", "a", {}, { workspaceId: "w1" as WorkspaceId })),
      ),
    ).toBe("s3cret");
    expect(findSecret).toHaveBeenCalledWith("w1", "mail");
    expect(shown).not.toContain("s3cret");
  });
});

describe("cost", () => {
  test.each([
    ["a fixed price", 0.01, 0.01],
    ["a price by params", () => 0.02, 0.02],
    ["no price", undefined, null],
    ["a price that cannot be computed", () => Number.NaN, null],
    [
      "a price that throws",
      () => {
        throw new Error("x");
      },
      null,
    ],
  ])("%s", async (_, costUsd, expected) => {
    const outcome = await executorOf([pluginWith(costUsd === undefined ? {} : { costUsd })]).execute(callOf("p", "a", {}));
    expect(outcome).toMatchObject({ ok: true, costUsd: expected });
  });
});
