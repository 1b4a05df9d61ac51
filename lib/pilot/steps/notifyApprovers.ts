// Tells people that they are asked, through the channels that can deliver. A notification that fails is a warning: the request stands without it.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";
import type { NotificationChannel } from "../../workflow/types.ts";
import type { ApprovalContext, ApprovalRequest } from "./approvalRequest.ts";

/** @returns warnings; null when nothing may start any more */
export async function notifyApprovers(
  context: ApprovalContext,
  request: ApprovalRequest,
  suffix: "notify" | "escalate",
): Promise<readonly string[] | null> {
  const warnings: string[] = [];
  const channels = context.step.notificationChannels ?? [];
  const deliverable = channels.filter(({ type }) => type === "outbox");
  for (const { type } of channels)
    if (type !== "outbox") warnings.push(`notification channel "${type}" is not available: nobody was told through it`);
  for (const [index, channel] of deliverable.entries()) {
    // A path of its own each: the same message is never delivered twice, and two channels are two messages.
    const path = `${context.path}~${suffix}${index === 0 ? "" : `[${index}]`}`;
    const outcome = await context.callAction({ plugin: "outbox", action: "deliver", params: messageOf(context, request, channel), path });
    if (outcome.status === "halted") return null;
    if (outcome.status === "failed") warnings.push(`notification through outbox failed: ${outcome.error.code}: ${outcome.error.message}`);
    if (outcome.status === "waiting") warnings.push("notification through outbox may or may not have been delivered");
  }
  return warnings;
}

function messageOf(context: ApprovalContext, request: ApprovalRequest, { config = {} }: NotificationChannel): JsonValue {
  const resolved = context.resolve(config, "notificationChannels");
  const settings: JsonObject = isJsonObject(resolved) ? resolved : {};
  const { id, title, message, approvers, expiresAtMs } = request;
  return {
    to: approvers,
    subject: title,
    channel: typeof settings["channel"] === "string" ? settings["channel"] : "approvals",
    body: {
      approvalId: id,
      executionId: context.state.id,
      step: context.path,
      title,
      message,
      context: request.context,
      approvers,
      expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    },
  };
}
