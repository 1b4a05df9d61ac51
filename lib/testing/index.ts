// What tests of workflows, plugins and providers need; names only, each documented where it is defined.

/** A model that plays a list of answers, fails on a call that the list does not foresee, and records what it got. */
export { ScriptedModel, type Script, type ScriptedAnswer, type ScriptedModelOptions } from "./ScriptedModel.ts";

/** A clock that moves only when told. */
export { ManualClock } from "./ManualClock.ts";

/** A migrated, empty database of its own, gone when closed; and what an execution must not leave behind in it. */
export { createTestDatabase, type TestDatabaseOptions } from "./createTestDatabase.ts";
export { findLeaks } from "./findLeaks.ts";

/** The rules that every plugin passes. */
export { describePlugin, type ActionCase, type PluginConformance, type PluginWorld, type TestRunner } from "./describePlugin.ts";

/** The rules that every handler passes, and the stage on which it does. */
export { describeHandler, type HandlerCase, type HandlerConformance } from "./describeHandler.ts";
export { HandlerStage, type HandlerStageOptions } from "./HandlerStage.ts";

/** A reservation that no ledger made, to call a provider by itself. */
export { testReservation } from "./testReservation.ts";
