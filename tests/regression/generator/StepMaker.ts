// Draws steps one after the other and remembers what later ones may read. Which step types there are is makers.ts.
import type { JsonObject } from "../../../lib/core/json.ts";
import type { StepType } from "../../../lib/workflow/types.ts";
import type { SeededRandom } from "../seededRandom.ts";

export type ValueType = "rows" | "texts" | "object" | "text" | "number" | "boolean" | "any";

/** Something that a template can name, without its braces. */
export interface Value {
  readonly ref: string;
  readonly type: ValueType;
}

/** Where steps are being made: what they may read, how deep, and whether others run at the same time. */
export interface Place {
  readonly values: Value[];
  readonly depth: number;
  /** Nothing here may depend on what another step of the same moment left, such as a cached result. */
  readonly isParallel: boolean;
}

export interface Made {
  readonly fields: JsonObject;
  /** What later steps may read as; absent: nothing. `inner` is put after the step's id. */
  readonly gives?: readonly { readonly inner?: string; readonly type: ValueType }[];
}

export type Maker = (maker: StepMaker, place: Place, id: string) => Made;

const MAX_DEPTH = 3;
const MAX_STEPS = 16;
const NESTING: ReadonlySet<StepType> = new Set(["conditional", "switch", "loop", "parallel_group", "scatter_gather", "sub_workflow"]);
const CACHED: ReadonlySet<StepType> = new Set(["transform", "ai_processing", "comparison", "enrichment"]);

export class StepMaker {
  readonly random: SeededRandom;
  readonly agent: string;
  readonly #types: readonly StepType[];
  readonly #makers: Readonly<Record<StepType, Maker>>;
  #made = 0;

  constructor(parts: {
    readonly agent: string;
    readonly random: SeededRandom;
    readonly types: readonly StepType[];
    readonly makers: Readonly<Record<StepType, Maker>>;
  }) {
    this.agent = parts.agent;
    this.random = parts.random;
    this.#types = parts.types;
    this.#makers = parts.makers;
  }

  get mayUseModels(): boolean {
    return this.#types.includes("ai_processing");
  }

  drawType(depth = 0): StepType {
    const mayNest = depth < MAX_DEPTH && this.#made < MAX_STEPS;
    return this.random.pick(this.#types.filter((type) => (mayNest || !NESTING.has(type)) && (depth === 0 || type !== "human_approval")));
  }

  /** The step; what it gives is put into the place, unless it may be skipped or fail. */
  make(type: StepType, place: Place): JsonObject {
    this.#made += 1;
    const id = `${this.agent}_${this.#made}`;
    const { fields, gives = [] } = this.#makers[type](this, place, id);
    const extras = this.#extras(type, place);
    const mayBeMissing = extras["executeIf"] !== undefined || extras["continueOnError"] === true;
    const name = typeof extras["output_variable"] === "string" ? extras["output_variable"] : id;
    if (!mayBeMissing) for (const { inner = "", type: given } of gives) place.values.push({ ref: `${name}${inner}`, type: given });
    return { id, type, ...fields, ...extras };
  }

  /** Steps of a nested list; what they give stays inside. */
  nested(
    place: Place,
    { values = [], isParallel = false }: { readonly values?: readonly Value[]; readonly isParallel?: boolean } = {},
  ): JsonObject[] {
    const inner: Place = { values: [...place.values, ...values], depth: place.depth + 1, isParallel: place.isParallel || isParallel };
    return Array.from({ length: this.random.whole(1, 2) }, () => this.make(this.drawType(inner.depth), inner));
  }

  find({ values }: Place, type: ValueType): string {
    const fitting = values.filter((value) => value.type === type);
    const recent = fitting.slice(-3);
    return this.random.pick(recent.length > 0 && this.random.chance(0.7) ? recent : fitting).ref;
  }

  /** Any value, as a template. */
  any(place: Place): string {
    return `{{${this.random.pick(place.values).ref}}}`;
  }

  #extras(type: StepType, place: Place): JsonObject {
    const { random } = this;
    const executeIf = random.chance(0.12)
      ? { executeIf: random.pick(["input.limit > 40.0", "input.isUrgent", "size(input.topic) > 20"]) }
      : {};
    const continueOnError = random.chance(0.08) && type !== "human_approval" ? { continueOnError: true } : {};
    const isCached = random.chance(0.1) && CACHED.has(type) && !place.isParallel;
    const isPublished = random.chance(0.15) && place.depth === 0;
    return {
      ...executeIf,
      ...continueOnError,
      ...(isCached ? { cache: { enabled: true, ttl: 60 } } : {}),
      ...(isPublished ? { output_variable: `out_${this.#made}` } : {}),
    };
  }
}
