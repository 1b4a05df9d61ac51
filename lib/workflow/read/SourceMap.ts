// Where each value of a workflow stood in its file, kept while parts are renamed and moved. Knows nothing of steps.

export type PathKey = string | number;

export interface Place {
  /** As the author wrote it: `steps[2].params.url`. */
  readonly path: string;
  /** 1-based; absent for workflows made in code. */
  readonly line?: number;
  readonly column?: number;
}

export class SourceMap {
  readonly #members = new WeakMap<object, Map<string, Place>>();
  readonly #root: Place;

  /** @param root where the whole document stands */
  constructor(root: Place = { path: "" }) {
    this.#root = root;
  }

  set(container: object, key: PathKey, place: Place): void {
    let members = this.#members.get(container);
    if (members === undefined) this.#members.set(container, (members = new Map()));
    members.set(String(key), place);
  }

  get(container: object, key: PathKey): Place | undefined {
    return this.#members.get(container)?.get(String(key));
  }

  /** Tells that `to[toKey]` is what was written as `from[fromKey]`. */
  move(from: object, fromKey: PathKey, to: object, toKey: PathKey): void {
    const place = this.get(from, fromKey);
    if (place !== undefined) this.set(to, toKey, place);
  }

  /** The place of the value at `path` below `root`; of what is missing there, the nearest thing around it. */
  locate(root: unknown, path: readonly PathKey[]): Place {
    let place = this.#root;
    let node: unknown = root;
    for (const key of path) {
      const container = typeof node === "object" && node !== null ? node : undefined;
      const known = container === undefined ? undefined : this.get(container, key);
      place = known ?? { ...place, path: joinPath(place.path, key) };
      node = container === undefined ? undefined : (container as Record<string, unknown>)[String(key)];
    }
    return place;
  }
}

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;

export function joinPath(path: string, key: PathKey): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!PLAIN_KEY.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
