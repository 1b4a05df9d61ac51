// Records the golden traces anew: every agent, all flags off, memory off. To be run only when a change of behaviour is meant.
import { createLogger } from "../../lib/core/logger.ts";
import { loadAgents } from "./corpus.ts";
import { writeGoldens } from "./goldenFile.ts";
import { RecordingSystem } from "./RecordingSystem.ts";
import { toJson } from "./Trace.ts";

const log = createLogger({ level: "info" });
const agents = await loadAgents();
await using recording = await RecordingSystem.open();
const traces = await recording.run(agents);
const characters = await writeGoldens(new Map([...traces].map(([name, trace]) => [name, toJson(trace)])));
log.info({ agents: traces.size, characters }, "golden traces recorded");
