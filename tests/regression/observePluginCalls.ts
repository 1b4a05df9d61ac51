// Sees every plugin call that leaves the engine, built-in plugins included, whoever makes it.
import { PluginExecutor } from "../../lib/plugins/PluginExecutor.ts";
import type { ActionCall } from "../../lib/plugins/types.ts";

/** The executor is made inside createSystem, and later handlers may call it too: its class is the one place they all pass. @returns ends it */
export function observePluginCalls(onCall: (call: ActionCall) => void): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was, called with the executor as `this`
  const original = PluginExecutor.prototype.execute;
  PluginExecutor.prototype.execute = function observed(this: PluginExecutor, call: ActionCall) {
    onCall(call);
    return original.call(this, call);
  };
  return () => {
    PluginExecutor.prototype.execute = original;
  };
}
