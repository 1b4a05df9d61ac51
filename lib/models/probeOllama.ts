// Asks the usual local address whether an Ollama answers there, and which models it has. Loopback only, one short request.
import type { RegisteredProvider } from "./sdkModels.ts";

export const OLLAMA_URL = "http://127.0.0.1:11434";
/** Somebody waits for a first start: a local server answers in a few milliseconds or not at all. */
const PROBE_TIMEOUT_MS = 400;
const MAX_MODELS = 200;

/** @returns null when nothing answers, or nothing that looks like Ollama with a model */
export async function probeOllama(url: string): Promise<RegisteredProvider | null> {
  const names = await fetchModelNames(url).catch(() => []);
  if (names.length === 0) return null;
  return { name: "ollama", kind: "openai-compatible", baseUrl: `${url}/v1`, takesJsonSchema: true, models: names };
}

async function fetchModelNames(url: string): Promise<string[]> {
  const response = await fetch(`${url}/api/tags`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS), redirect: "error" });
  if (!response.ok) return [];
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("models" in body) || !Array.isArray(body.models)) return [];
  return body.models.slice(0, MAX_MODELS).flatMap((model: unknown) => {
    const name = typeof model === "object" && model !== null && "name" in model ? model.name : undefined;
    return typeof name === "string" ? [name] : [];
  });
}
