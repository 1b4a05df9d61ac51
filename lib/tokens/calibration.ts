// Learns, per provider, model and content type, how far our count is from the provider's. Keeps it in memory; CalibrationStore.ts makes it last.
import { defaultFactor, type DefaultFactor } from "./defaultFactors.ts";
import type { CalibrationFactor, CalibrationKey, ContentType } from "./types.ts";

/** Weight of a new observation once enough were seen; before, each counts as much as every earlier one. */
const STEADY_WEIGHT = 0.1;
/** Fewer observations than this do not make the band narrower than the default one. */
const MIN_SAMPLES = 5;
/** A band is never narrower than this: wrapping and tool rendering change without notice. */
const MIN_BAND = 0.01;
/** One absurd report must not move the factor further than this many times from where it is. */
const MAX_JUMP = 2;
const BAND_SPREADS = 3;

/** The pure update: the next state after one observation of reported ÷ counted. */
export function updateFactor(current: CalibrationFactor, observedRatio: number): CalibrationFactor {
  if (!Number.isFinite(observedRatio) || observedRatio <= 0) return current;
  const ratio = Math.min(Math.max(observedRatio, current.factor / MAX_JUMP), current.factor * MAX_JUMP);
  const weight = Math.max(STEADY_WEIGHT, 1 / (current.samples + 2));
  const deviation = Math.abs(ratio - current.factor);
  return {
    factor: current.factor + weight * (ratio - current.factor),
    spread: current.spread + weight * (deviation - current.spread),
    samples: current.samples + 1,
  };
}

/** The factor that reservations and windows use. */
export function upperFactor(current: CalibrationFactor, byDefault: DefaultFactor): number {
  const learned = Math.max(current.factor + BAND_SPREADS * current.spread, current.factor * (1 + MIN_BAND));
  return current.samples < MIN_SAMPLES ? Math.max(learned, byDefault.upper) : learned;
}

export interface CalibrationEntry extends CalibrationKey, CalibrationFactor {}

export class Calibration {
  readonly #factors = new Map<string, CalibrationEntry>();
  readonly #changed = new Set<string>();

  constructor(entries: readonly CalibrationEntry[] = []) {
    for (const entry of entries) this.#factors.set(keyOf(entry.provider, entry.model, entry.contentType), entry);
  }

  /** Expected and upper factor; the defaults where nothing was observed. */
  getFactor(provider: string | undefined, model: string | undefined, contentType: ContentType): DefaultFactor {
    const byDefault = defaultFactor(provider, model, contentType);
    if (provider === undefined || model === undefined) return byDefault;
    const learned = this.#factors.get(keyOf(provider, model, contentType));
    if (learned === undefined) return byDefault;
    return { factor: learned.factor, upper: upperFactor(learned, byDefault) };
  }

  /** @param observedRatio reported tokens ÷ o200k tokens of content of this type */
  observe(key: CalibrationKey, observedRatio: number): void {
    if (key.provider === "offline" || key.provider === "scripted") return;
    const name = keyOf(key.provider, key.model, key.contentType);
    const byDefault = defaultFactor(key.provider, key.model, key.contentType);
    const start: CalibrationFactor = { factor: byDefault.factor, spread: (byDefault.upper - byDefault.factor) / BAND_SPREADS, samples: 0 };
    const { provider, model, contentType } = key;
    this.#factors.set(name, { provider, model, contentType, ...updateFactor(this.#factors.get(name) ?? start, observedRatio) });
    this.#changed.add(name);
  }

  /** All that was learned. */
  entries(): CalibrationEntry[] {
    return [...this.#factors.values()];
  }

  /** Entries that changed since the last call, for the store. */
  takeChanged(): CalibrationEntry[] {
    const entries = [...this.#changed].flatMap((name) => this.#factors.get(name) ?? []);
    this.#changed.clear();
    return entries;
  }
}

function keyOf(provider: string, model: string, contentType: ContentType): string {
  return `${provider}\n${model}\n${contentType}`;
}
