// resume_ms: an execution of 1 000 steps that waited for a person, from the answer to its end: claim, load, walk, last unit.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../lib/config/loadConfig.ts";
import type { Database } from "../../lib/db/Database.ts";
import { createSystem } from "../../lib/system.ts";
import { median, row, type Row } from "../measure.ts";

const STEPS = 1_000;

/** @param open a fresh database; it is closed with the system */
export async function measureResume(open: () => Promise<Database>, rounds: number): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-bench-"));
  const config = loadConfig({ NEURONFORGE_DATA: folder, NEURONFORGE_LOG_LEVEL: "error" }, {});
  const system = await createSystem({ config, database: await open() });
  const times: number[] = [];
  try {
    await system.work();
    const value = { text: "x".repeat(900) };
    const steps = Array.from({ length: STEPS }, (_, index) => ({
      id: `s${index}`,
      type: "transform",
      operation: "set",
      config: { value },
    }));
    for (let round = 0; round < rounds; round += 1) {
      const { executionId } = await system.start({
        definition: { name: "resume", steps: [...steps, { id: "ok", type: "human_approval", approvers: ["anna"] }] },
      });
      await system.wait(executionId);
      const [approval] = await system.listApprovals({ executionId });
      const started = performance.now();
      await system.answerApproval({ id: approval?.id ?? "", approver: "anna", decision: "approve" });
      await system.wait(executionId);
      times.push(performance.now() - started);
    }
  } finally {
    await system.close();
    await rm(folder, { recursive: true, force: true });
  }
  return row("resume_ms", median(times), "ms", { goal: "<= 500" });
}
