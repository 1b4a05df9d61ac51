// Every command by name, with the file that defines it. Only names and summaries, so that --help costs no imports.
import type { Command } from "commander";
import type { Action } from "./Cli.ts";

export interface CommandModule {
  /** Adds arguments, options, help and the action. */
  define(command: Command, action: Action): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly group: "Work" | "Look" | "Govern" | "Operate";
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "demo",
    group: "Work",
    summary: "the main job in a minute, offline",
    load: async () => import("./commands/demo.ts"),
  },
  {
    name: "run",
    group: "Work",
    summary: "run a workflow file or a stored agent under its limits",
    load: async () => import("./commands/run.ts"),
  },
  {
    name: "validate",
    group: "Work",
    summary: "check workflow files, every fault with its line",
    load: async () => import("./commands/validate.ts"),
  },
  {
    name: "plan",
    group: "Work",
    summary: "what each step would cost, without a model call",
    load: async () => import("./commands/plan.ts"),
  },
  {
    name: "compress",
    group: "Work",
    summary: "the view that a model would see of a content",
    load: async () => import("./commands/compress.ts"),
  },
  {
    name: "executions",
    group: "Look",
    summary: "list, show, resume, cancel, fork, compare, export executions",
    load: async () => import("./commands/executions.ts"),
  },
  {
    name: "approvals",
    group: "Look",
    summary: "what waits for a person, and the answers",
    load: async () => import("./commands/approvals.ts"),
  },
  { name: "agents", group: "Look", summary: "stored agents", load: async () => import("./commands/agents.ts") },
  { name: "audit", group: "Look", summary: "the audit trail", load: async () => import("./commands/audit.ts") },
  {
    name: "classify",
    group: "Govern",
    summary: "what each step is for and what it may hurt, without a model",
    load: async () => import("./commands/classify.ts"),
  },
  {
    name: "route",
    group: "Govern",
    summary: "which tier and model a step goes to, and why, without a model",
    load: async () => import("./commands/route.ts"),
  },
  {
    name: "budgets",
    group: "Govern",
    summary: "limits in money and tokens: set, top up, reconcile",
    load: async () => import("./commands/budgets.ts"),
  },
  { name: "flags", group: "Govern", summary: "feature flags", load: async () => import("./commands/flags.ts") },
  {
    name: "connections",
    group: "Govern",
    summary: "secrets of plugins and providers, encrypted at rest",
    load: async () => import("./commands/connections.ts"),
  },
  {
    name: "plugins",
    group: "Govern",
    summary: "plugins, their actions and what these may hurt",
    load: async () => import("./commands/plugins.ts"),
  },
  { name: "worker", group: "Operate", summary: "run queued executions until stopped", load: async () => import("./commands/worker.ts") },
  { name: "migrate", group: "Operate", summary: "bring the database schema up to date", load: async () => import("./commands/migrate.ts") },
  { name: "prune", group: "Operate", summary: "remove old finished executions", load: async () => import("./commands/prune.ts") },
  { name: "doctor", group: "Operate", summary: "check this installation", load: async () => import("./commands/doctor.ts") },
  {
    name: "completion",
    group: "Operate",
    summary: "shell completion for bash, zsh or fish",
    load: async () => import("./commands/completion.ts"),
  },
];
