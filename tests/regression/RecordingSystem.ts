// A whole system around scripted models and invented plugins, and what one of its executions did as a trace. Decides nothing about golden files.
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../lib/config/loadConfig.ts";
import { silentLogger } from "../../lib/core/logger.ts";
import { decodeJson, type JsonObject, type JsonValue } from "../../lib/core/json.ts";
import type { Database } from "../../lib/db/Database.ts";
import { loadSteps, loadValues, type StoredStep } from "../../lib/journal/JournalStore.ts";
import type { StepDetail } from "../../lib/pilot/ExecutionState.ts";
import { QUEUE_TEMPLATE } from "../../lib/pilot/prepareQueue.ts";
import { createSystem } from "../../lib/system.ts";
import type { ExecutionReport, System } from "../../lib/systemApi.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { openTestDatabase } from "../testEnvironment.ts";
import { answerApprovals } from "./answerApprovals.ts";
import type { Agent } from "./corpus.ts";
import { LARGE_INPUTS } from "./largeInputs.ts";
import { normalise, volatileOf } from "./normalise.ts";
import { observePluginCalls } from "./observePluginCalls.ts";
import { createOfficePlugins } from "./officePlugins.ts";
import { RecordingModel } from "./RecordingModel.ts";
import { SLOPPY_PROVIDER, type SeedSource } from "./scriptedAnswer.ts";
import { comparePaths, type Trace, type TracedAction, type TracedRequest, type TracedStep } from "./Trace.ts";

/** Priced, so that later comparisons can speak of money. */
const PROVIDER = "openai";
const DEFAULT_MODEL = `${PROVIDER}/gpt-4o`;
const MAX_CONCURRENT_EXECUTIONS = 8;

export interface CopiedFile {
  /** Absolute path of a file or folder. */
  readonly from: string;
  /** Relative to the folder that executions read and write. */
  readonly to: string;
}

export interface RecordingOptions {
  /** Flags of every execution. @defaultValue none: all are off */
  readonly flags?: JsonObject;
  /** @defaultValue `request` */
  readonly seedSource?: SeedSource;
  /** That can be found without naming their provider, as tier tables name them. @defaultValue none */
  readonly models?: readonly string[];
  /** Hosts of this machine that HTTP actions may call. @defaultValue none */
  readonly allowedPrivateHosts?: readonly string[];
  /** Counts what models are sent and answer exactly. @defaultValue four characters make a token */
  readonly counter?: TokenCounter;
  /** Lie beside the agents' own files, for workflows that read them. @defaultValue none */
  readonly files?: readonly CopiedFile[];
}

export class RecordingSystem implements AsyncDisposable {
  readonly system: System;
  readonly folder: string;
  readonly #db: Database;
  readonly #models: readonly RecordingModel[];
  readonly #flags: JsonObject;
  readonly #actions = new Map<string, TracedAction[]>();
  readonly #stopObserving: () => void;

  private constructor(parts: {
    readonly system: System;
    readonly folder: string;
    readonly db: Database;
    readonly models: readonly RecordingModel[];
    readonly flags: JsonObject;
  }) {
    this.system = parts.system;
    this.folder = parts.folder;
    this.#db = parts.db;
    this.#models = parts.models;
    this.#flags = parts.flags;
    this.#stopObserving = observePluginCalls(({ plugin, action, params, context }) => {
      const made = this.#actions.get(context.executionId) ?? [];
      this.#actions.set(context.executionId, made);
      const call = made.filter(({ path }) => path === context.stepPath).length + 1;
      made.push({ path: context.stepPath, call, plugin, action, params: structuredClone(params), key: context.idempotencyKey });
    });
  }

  static async open({
    flags = {},
    seedSource = "request",
    models: named = [],
    allowedPrivateHosts = [],
    counter,
    files = [],
  }: RecordingOptions = {}): Promise<RecordingSystem> {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-traces-"));
    await writeFiles(folder);
    for (const { from, to } of files) await cp(from, join(folder, to), { recursive: true });
    const db = await openTestDatabase(QUEUE_TEMPLATE);
    const models = [PROVIDER, SLOPPY_PROVIDER].map(
      (name) => new RecordingModel({ name, seedSource, ...(counter === undefined ? {} : { counter }) }),
    );
    const config = loadConfig(
      {},
      {},
      {
        cwd: folder,
        overrides: {
          dataFolder: "data",
          filesRoot: ".",
          secretKeyFile: "key",
          defaultModel: DEFAULT_MODEL,
          maxConcurrentExecutions: MAX_CONCURRENT_EXECUTIONS,
          allowedPrivateHosts,
        },
      },
    );
    const system = await createSystem({
      config,
      database: db,
      logger: silentLogger,
      plugins: createOfficePlugins(),
      providers: models.map((provider) => ({ provider, ...(provider.name === PROVIDER && named.length > 0 ? { models: named } : {}) })),
    });
    await system.work();
    return new RecordingSystem({ system, folder, db, models, flags });
  }

  /** Starts all in order, then lets them run at once. */
  async run(agents: readonly Agent[]): Promise<Map<string, Trace>> {
    const started: { readonly agent: Agent; readonly id: string }[] = [];
    for (const agent of agents) {
      const { executionId } = await this.system.start({ ...agent.request, flags: this.#flags });
      started.push({ agent, id: executionId });
    }
    const traces = await Promise.all(started.map(async ({ agent, id }) => [agent.name, await this.#trace(agent, id)] as const));
    return new Map(traces);
  }

  /** Runs them as {@link run} does, for their reports instead of their traces. */
  async report(agents: readonly Agent[]): Promise<Map<string, ExecutionReport>> {
    const reports = new Map<string, ExecutionReport>();
    for (const agent of agents) {
      const { executionId } = await this.system.start({ ...agent.request, flags: this.#flags });
      reports.set(agent.name, await answerApprovals(this.system, executionId));
    }
    return reports;
  }

  async #trace(agent: Agent, id: string): Promise<Trace> {
    const report = await answerApprovals(this.system, id);
    const actions = (this.#actions.get(id) ?? []).toSorted((left, right) => comparePaths(left.path, right.path) || left.call - right.call);
    const steps = await loadSteps(this.#db, id);
    const trace = {
      agent: agent.name,
      class: agent.class,
      source: agent.source,
      status: report.status,
      error: report.error?.code ?? null,
      output: report.output,
      requests: await this.#requests(id),
      actions,
      steps: await this.#steps(id, steps),
    };
    const keys = [...actions.map(({ key }) => key), ...steps.map(({ stepPath }) => `${id}/${stepPath}/0`)];
    const volatile = volatileOf(id, keys, [this.folder]);
    return normalise(JSON.parse(JSON.stringify(trace)) as JsonValue, volatile) as unknown as Trace;
  }

  async #requests(id: string): Promise<TracedRequest[]> {
    const { rows } = await this.#db.query<{ id: string; step_path: string; attempt: number; call: number }>(
      "SELECT id, step_path, attempt, call FROM step_attempts WHERE execution_id = $1 AND kind = 'model'",
      [id],
    );
    const places = new Map(rows.map((row) => [row.id, row]));
    const requests = this.#models.flatMap((model) =>
      model.requestsOf(id).map(({ attemptId, request }): TracedRequest => {
        const place = places.get(attemptId);
        if (place === undefined) throw new Error(`a request was made whose attempt ${attemptId} is not in the database`);
        const { provider, system, messages, tools, outputSchema, maxOutputTokens, temperature } = request;
        return {
          path: place.step_path,
          attempt: place.attempt,
          call: place.call,
          provider: provider ?? "",
          model: request.model,
          system: system ?? null,
          messages: messages as unknown as JsonValue,
          tools: (tools ?? null) as unknown as JsonValue,
          outputSchema: outputSchema ?? null,
          maxOutputTokens,
          temperature: temperature ?? null,
        };
      }),
    );
    return requests.sort((left, right) => comparePaths(left.path, right.path) || left.attempt - right.attempt || left.call - right.call);
  }

  async #steps(id: string, rows: readonly StoredStep[]): Promise<TracedStep[]> {
    const hashes = rows.flatMap(({ outputHash }) => (outputHash === null ? [] : [outputHash]));
    const values = await loadValues(this.#db, id, hashes);
    const steps = rows.map((row): TracedStep => {
      const detail = row.detail === null ? {} : (JSON.parse(row.detail) as StepDetail);
      const stored = row.outputInline ?? (row.outputHash === null ? undefined : values.get(row.outputHash.toString("hex")));
      const output = stored === undefined ? null : decodeJson(stored);
      return {
        path: row.stepPath,
        attempt: row.attempt,
        type: row.stepType,
        status: row.status,
        output,
        error: detail.error?.code ?? null,
      };
    });
    return steps.sort((left, right) => comparePaths(left.path, right.path) || left.attempt - right.attempt);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopObserving();
    await this.system.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What agents read from disk. */
async function writeFiles(folder: string): Promise<void> {
  const text = (name: string): string => {
    const made = LARGE_INPUTS[name]?.() ?? "";
    return typeof made === "string" ? made : JSON.stringify(made);
  };
  await writeFile(join(folder, "survey.csv"), text("survey_csv").split("\n").slice(0, 13).join("\n"));
  await writeFile(join(folder, "orders.json"), JSON.stringify((JSON.parse(text("orders_json")) as JsonValue[]).slice(0, 6)));
  await writeFile(
    join(folder, "backup.log"),
    "2019-02-01 03:00 start\n2019-02-01 03:41 done 812 files\n2019-02-02 03:00 start\n2019-02-02 03:07 ERROR disk full\n",
  );
  await writeFile(join(folder, "broken.csv"), "a,b\n1\n2,3\n");
}
