import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { nextTurn } from "../../../lib/core/clock.ts";
import { Lane } from "../../../lib/journal/Lane.ts";

interface Item {
  readonly unit: { readonly executionId: string; readonly epoch: number };
  readonly bytes: number;
  readonly number: number;
}

/** A lane whose commits end when the test says so. */
class Watched {
  readonly inFlight: { readonly batch: readonly Item[]; readonly end: () => void }[] = [];
  readonly committed: Item[] = [];
  readonly lane: Lane<Item>;
  #added = 0;

  constructor(maxInFlight: 1 | 2) {
    this.lane = new Lane({
      maxInFlight,
      commit: (batch) =>
        new Promise<void>((resolve) => {
          const flight = {
            batch,
            end: () => {
              this.inFlight.splice(this.inFlight.indexOf(flight), 1);
              this.committed.push(...batch);
              resolve();
            },
          };
          this.inFlight.push(flight);
        }),
    });
  }

  add(executionId: string, { epoch = 1, bytes = 10 }: { readonly epoch?: number; readonly bytes?: number } = {}): void {
    this.lane.add({ unit: { executionId, epoch }, bytes, number: (this.#added += 1) });
  }

  addMany(count: number, prefix: string): void {
    for (let index = 0; index < count; index += 1) this.add(`${prefix}${index}`);
  }

  get sizes(): number[] {
    return this.inFlight.map(({ batch }) => batch.length);
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
}

describe("Lane", () => {
  it("lets what is added in one turn travel together, and what comes meanwhile in the next batch", async () => {
    const watched = new Watched(1);
    watched.addMany(3, "a");
    assert.deepEqual(watched.sizes, []);

    await settle();
    watched.addMany(70, "b");
    await settle();

    assert.deepEqual(watched.sizes, [3]);
    watched.inFlight[0]?.end();
    await settle();
    assert.deepEqual(watched.sizes, [70]);
  });

  it("sends a long queue in two halves, a short one whole", async () => {
    const long = new Watched(2);
    long.addMany(101, "a");
    const short = new Watched(2);
    short.addMany(40, "a");
    await settle();

    assert.deepEqual(long.sizes, [51, 50]);
    assert.deepEqual(short.sizes, [40]);
  });

  it("begins a second batch only when it is about as large as the one under way", async () => {
    const watched = new Watched(2);
    watched.addMany(20, "a");
    await settle();

    watched.addMany(17, "b");
    await settle();
    assert.deepEqual(watched.sizes, [20]);

    watched.add("c");
    await settle();
    assert.deepEqual(watched.sizes, [20, 18]);
  });

  it("keeps an execution's units apart from one that is under way", async () => {
    const watched = new Watched(2);
    watched.add("a");
    await settle();
    watched.add("a");
    watched.add("b");
    await settle();

    assert.deepEqual(
      watched.inFlight.map(({ batch }) => batch.map(({ unit }) => unit.executionId)),
      [["a"], ["b"]],
    );
  });

  it("never puts two epochs of one execution into one batch", async () => {
    const watched = new Watched(1);
    watched.add("a", { epoch: 1 });
    watched.add("b");
    watched.add("a", { epoch: 2 });
    watched.add("a", { epoch: 2 });
    await settle();

    assert.deepEqual(watched.sizes, [2]);
    watched.inFlight[0]?.end();
    await settle();
    assert.deepEqual(watched.sizes, [2]);
  });

  it("bounds a batch by bytes, and sends what is larger alone", async () => {
    const watched = new Watched(1);
    watched.add("a", { bytes: 5_000_000 });
    watched.add("b", { bytes: 5_000_000 });
    watched.add("c", { bytes: 50_000_000 });
    for (const expected of [1, 1, 1]) {
      await settle();
      assert.deepEqual(watched.sizes, [expected]);
      watched.inFlight[0]?.end();
    }
  });

  it("is idle when nothing waits and nothing is under way", async () => {
    const watched = new Watched(1);
    await watched.lane.idle();
    watched.addMany(2, "a");
    let isIdle = false;
    const idle = watched.lane.idle().then(() => {
      isIdle = true;
    });
    await settle();
    assert.equal(isIdle, false);

    watched.inFlight[0]?.end();
    await idle;
    assert.equal(isIdle, true);
  });

  it("commits each unit once, an execution's in order and in one batch at a time, whatever comes when", async () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 30 }), epoch: fc.integer({ min: 1, max: 2 }), count: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ end: fc.nat({ max: 1 }) }),
      fc.constant({ turn: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom<1 | 2>(1, 2), fc.array(step, { maxLength: 40 }), async (maxInFlight, steps) => {
        const watched = new Watched(maxInFlight);
        let added = 0;
        const check = (): void => {
          assert.ok(watched.inFlight.length <= maxInFlight);
          const owners = watched.inFlight.map(({ batch }) => new Set(batch.map(({ unit }) => unit.executionId)));
          assert.ok(owners.length < 2 || [...(owners[0] ?? [])].every((id) => owners[1]?.has(id) !== true));
          for (const { batch } of watched.inFlight) {
            assert.ok(batch.length > 0);
            const epochs = new Map(batch.map(({ unit }) => [unit.executionId, unit.epoch]));
            assert.ok(batch.every(({ unit }) => epochs.get(unit.executionId) === unit.epoch));
          }
        };
        for (const one of steps) {
          if ("add" in one) {
            for (let index = 0; index < one.count; index += 1) watched.add(`e${(one.add + index) % 31}`, { epoch: one.epoch });
            added += one.count;
          } else if ("end" in one) watched.inFlight[one.end]?.end();
          else await nextTurn();
          check();
        }
        while (watched.committed.length < added) {
          await settle();
          check();
          watched.inFlight[0]?.end();
        }
        await watched.lane.idle();
        assert.equal(new Set(watched.committed).size, added);
        const last = new Map<string, number>();
        for (const { unit, number } of watched.committed) {
          assert.ok((last.get(unit.executionId) ?? 0) < number);
          last.set(unit.executionId, number);
        }
      }),
      { numRuns: 200 },
    );
  });
});
