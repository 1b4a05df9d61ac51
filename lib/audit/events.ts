// Every kind of audited fact, by the plan's constants, with the severity it has unless the caller says otherwise. Adds nothing to the trail itself.

export const AUDIT_EVENTS = {
  // The plan's five
  ORCHESTRATION_INTENT_CLASSIFIED: "orchestration.intent_classified",
  ORCHESTRATION_TOKEN_BUDGET_ALLOCATED: "orchestration.token_budget_allocated",
  ORCHESTRATION_TOKEN_COMPRESSED: "orchestration.token_compressed",
  ORCHESTRATION_HANDLER_EXECUTED: "orchestration.handler_executed",
  ORCHESTRATION_AIS_ROUTED: "orchestration.ais_routed",
  ORCHESTRATION_BYPASSED: "orchestration.bypassed",

  AGENT_CREATED: "agent.created",
  AGENT_UPDATED: "agent.updated",
  AGENT_ARCHIVED: "agent.archived",
  AGENT_SWITCHED: "agent.switched",

  PILOT_EXECUTION_STARTED: "pilot.execution_started",
  PILOT_EXECUTION_COMPLETED: "pilot.execution_completed",
  PILOT_EXECUTION_FAILED: "pilot.execution_failed",
  PILOT_EXECUTION_CANCEL_REQUESTED: "pilot.execution_cancel_requested",
  PILOT_EXECUTION_CANCELLED: "pilot.execution_cancelled",
  PILOT_EXECUTION_SUSPENDED: "pilot.execution_suspended",
  PILOT_EXECUTION_RESUMED: "pilot.execution_resumed",
  PILOT_EXECUTION_FORKED: "pilot.execution_forked",
  PILOT_EXECUTION_TAKEN_OVER: "pilot.execution_taken_over",
  PILOT_EXECUTIONS_PRUNED: "pilot.executions_pruned",
  PILOT_STEP_EXECUTED: "pilot.step_executed",
  PILOT_STEP_FAILED: "pilot.step_failed",
  PILOT_STEP_SKIPPED: "pilot.step_skipped",
  PILOT_STEP_RETRIED: "pilot.step_retried",
  PILOT_STEP_ROLLED_BACK: "pilot.step_rolled_back",

  APPROVAL_REQUESTED: "approval.requested",
  APPROVAL_ANSWERED: "approval.answered",
  APPROVAL_TIMED_OUT: "approval.timed_out",
  APPROVAL_ESCALATED: "approval.escalated",

  BUDGET_SET: "budget.set",
  BUDGET_TOPPED_UP: "budget.topped_up",
  BUDGET_EXCEEDED: "budget.exceeded",
  BUDGET_PAUSED: "budget.paused",
  BUDGET_RECONCILED: "budget.reconciled",
  BUDGET_OVERRUN: "budget.overrun",

  EFFECT_UNCERTAIN: "effect.uncertain",
  EFFECT_RESOLVED: "effect.resolved",
  EFFECT_VERIFIED: "effect.verified",

  MEMORY_INJECTED: "memory.injected",
  MEMORY_STORED: "memory.stored",
  MEMORY_USER_FACTS_STORED: "memory.user_facts_stored",
  MEMORY_SUMMARY_REFUSED: "memory.summary_refused",
  MEMORY_SUMMARY_SKIPPED: "memory.summary_skipped",
  MEMORY_PRUNED: "memory.pruned",
  MEMORY_SWITCHED: "memory.switched",
  MEMORY_FORGOTTEN: "memory.forgotten",

  CONNECTION_SET: "connection.set",
  CONNECTION_REMOVED: "connection.removed",
  CONNECTIONS_RESEALED: "connection.resealed",
  FLAG_CHANGED: "flag.changed",
} as const;

export type AuditEvent = (typeof AUDIT_EVENTS)[keyof typeof AUDIT_EVENTS];

/** `warning`: money, safety or a failure is concerned. `critical`: a person should look. */
export type AuditSeverity = "info" | "warning" | "critical";

const RAISED: { readonly [event in AuditEvent]?: AuditSeverity } = {
  [AUDIT_EVENTS.ORCHESTRATION_BYPASSED]: "warning",
  [AUDIT_EVENTS.PILOT_EXECUTION_FAILED]: "warning",
  [AUDIT_EVENTS.PILOT_EXECUTION_TAKEN_OVER]: "warning",
  [AUDIT_EVENTS.PILOT_STEP_FAILED]: "warning",
  [AUDIT_EVENTS.APPROVAL_TIMED_OUT]: "warning",
  [AUDIT_EVENTS.APPROVAL_ESCALATED]: "warning",
  [AUDIT_EVENTS.BUDGET_EXCEEDED]: "warning",
  [AUDIT_EVENTS.BUDGET_PAUSED]: "warning",
  [AUDIT_EVENTS.BUDGET_OVERRUN]: "critical",
  [AUDIT_EVENTS.EFFECT_UNCERTAIN]: "critical",
  [AUDIT_EVENTS.EFFECT_RESOLVED]: "warning",
  [AUDIT_EVENTS.MEMORY_SUMMARY_REFUSED]: "warning",
  [AUDIT_EVENTS.MEMORY_SWITCHED]: "warning",
  [AUDIT_EVENTS.MEMORY_FORGOTTEN]: "warning",
  [AUDIT_EVENTS.CONNECTION_SET]: "warning",
  [AUDIT_EVENTS.CONNECTION_REMOVED]: "warning",
  [AUDIT_EVENTS.FLAG_CHANGED]: "warning",
};

export function severityOf(event: AuditEvent): AuditSeverity {
  return RAISED[event] ?? "info";
}

const ALL: ReadonlySet<string> = new Set(Object.values(AUDIT_EVENTS));

export function isAuditEvent(text: string): text is AuditEvent {
  return ALL.has(text);
}
