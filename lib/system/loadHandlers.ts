// Brings the handlers of the operator's modules in. The configuration alone names them: no workflow, row, request or model can bring code.
import { pathToFileURL } from "node:url";
import { AppError } from "../core/errors.ts";
import { checkHandler } from "../orchestration/handlers/checkHandler.ts";
import type { HandlerInterface } from "../orchestration/types.ts";

/** @throws AppError `HANDLER_INVALID` with the module's path */
export async function loadHandlers(paths: readonly string[]): Promise<readonly HandlerInterface[]> {
  const loaded = await Promise.all(paths.map(loadModule));
  return loaded.flat();
}

async function loadModule(path: string): Promise<readonly HandlerInterface[]> {
  try {
    const { handler, handlers } = (await import(pathToFileURL(path).href)) as { readonly handler?: unknown; readonly handlers?: unknown };
    const found = Array.isArray(handlers)
      ? (handlers as readonly HandlerInterface[])
      : handler === undefined
        ? []
        : [handler as HandlerInterface];
    if (found.length === 0) throw new AppError("HANDLER_INVALID", "it exports neither `handler` nor `handlers`");
    for (const one of found) checkHandler((one as Partial<HandlerInterface> | null)?.intent as HandlerInterface["intent"], one);
    return found;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("HANDLER_INVALID", `handlers of the configuration, ${path}: ${why}`, {
      details: { field: "handlers", got: path },
      cause,
    });
  }
}
