// Non-durable events of executions in this process: progress displays listen, nothing depends on them.
import type { ExecutionEvent } from "../systemApi.ts";

export type EventListener = (event: ExecutionEvent) => void;

export class EventBus {
  readonly #listeners = new Map<string, Set<EventListener>>();

  emit(event: ExecutionEvent): void {
    for (const listener of this.#listeners.get(event.executionId) ?? []) listener(event);
  }

  /** @returns how to stop listening */
  subscribe(executionId: string, listener: EventListener): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(executionId, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(executionId);
    };
  }
}
