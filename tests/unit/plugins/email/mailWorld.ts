// An executor with plugin `email` and one stored mail account, for tests against real servers on this machine.
import type { JsonObject } from "../../../../lib/core/json.ts";
import { createEmailPlugin } from "../../../../lib/plugins/builtin/email.ts";
import { createSecret } from "../../../../lib/plugins/createSecret.ts";
import type { PluginExecutor, PluginExecutorOptions } from "../../../../lib/plugins/PluginExecutor.ts";
import type { ConnectionSource } from "../../../../lib/plugins/types.ts";
import { executorOf } from "../executorOf.ts";

export const ALLOWED = ["127.0.0.1", "localhost"];

export function storedAccounts(accounts: Readonly<Record<string, JsonObject | string>>): ConnectionSource {
  return {
    findSecret: async (_workspaceId, name) => {
      const account = accounts[name];
      return account === undefined ? undefined : createSecret(name, typeof account === "string" ? account : JSON.stringify(account));
    },
  };
}

export function smtpAccount(port: number, more: JsonObject = {}): JsonObject {
  return { from: "Shop <shop@example.com>", smtp: { host: "127.0.0.1", port, security: "none" }, ...more };
}

export function mailExecutor(account: JsonObject | string, options: Partial<PluginExecutorOptions> = {}): PluginExecutor {
  return executorOf([createEmailPlugin({ allowedPrivateHosts: ALLOWED })], { connections: storedAccounts({ email: account }), ...options });
}

export const LETTER = { to: ["ann@example.org"], subject: "Report", text: "All is well." };

/** What the step executor would make of it: an effect that may have happened is never called a failure. */
export function verdictOf(outcome: { readonly ok: boolean; readonly effectHappened?: "no" | "maybe" }): "sent" | "not sent" | "uncertain" {
  if (outcome.ok) return "sent";
  return outcome.effectHappened === "no" ? "not sent" : "uncertain";
}
