// Everything about one execution as one JSON document: for bug reports, archives and audits. Values included; secrets never are in it.
import { listAudit } from "../audit/AuditStore.ts";
import { decodeJson, type JsonObject, type JsonValue } from "../core/json.ts";
import { loadSteps, loadValues, type StoredStep } from "../journal/JournalStore.ts";
import { DocumentCache } from "../pilot/DocumentStore.ts";
import { receiptOf } from "../pilot/receiptOf.ts";
import { reportExecution, requireExecution } from "../pilot/reportExecution.ts";
import type { SystemParts } from "./SystemParts.ts";

const documents = new DocumentCache();
const MAX_AUDIT_ROWS = 1_000;

export async function exportExecution({ engine, config }: SystemParts, id: string): Promise<JsonObject> {
  const { db } = engine;
  const { workspaceId } = config;
  const record = await requireExecution(db, workspaceId, id);
  const steps = await loadSteps(db, id);
  const audit = await listAudit(db, { workspaceId, executionId: id, limit: MAX_AUDIT_ROWS });
  const document = {
    format: "neuronforge.execution/1",
    report: await reportExecution(db, workspaceId, id),
    receipt: await receiptOf(db, engine.services.prices, workspaceId, id),
    definition: await documents.load(db, workspaceId, record.definitionHash),
    snapshot: await documents.load(db, workspaceId, record.snapshotHash),
    inputs: await valueOf(db, id, record.inputHash),
    outputs: await outputsOf(db, id, steps),
    audit: audit.map((row) => ({ ...row, at: row.at.toISOString() })),
  };
  return document as unknown as JsonObject;
}

async function outputsOf(db: Parameters<typeof loadValues>[0], id: string, steps: readonly StoredStep[]): Promise<JsonObject> {
  const outputs: Record<string, JsonValue> = {};
  for (const step of steps) {
    if (step.outputInline !== null) outputs[step.stepPath] = decodeJson(step.outputInline);
    else if (step.outputHash !== null) outputs[step.stepPath] = await valueOf(db, step.outputExecutionId ?? id, step.outputHash);
  }
  return outputs;
}

async function valueOf(db: Parameters<typeof loadValues>[0], id: string, hash: Buffer): Promise<JsonValue> {
  const content = (await loadValues(db, id, [hash])).get(hash.toString("hex"));
  return content === undefined ? null : decodeJson(content);
}
