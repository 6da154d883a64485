import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type EventsKept, oldestToKeep, type Probe, revisionsToProbe } from "../../src/store/forgetting.ts";

const CHARS = 100;

/** What is left of a history after one run. */
function keep(history: readonly Probe[], kept: EventsKept): Probe[] {
  const newest = history.at(-1)!;
  const revisions = revisionsToProbe(history[0]!, newest, kept);
  const probes = revisions.map((revision) => history.find((event) => event.revision >= revision)!);
  const oldest = probes.length > 0 ? oldestToKeep(probes, newest, kept) : 0;
  return history.filter(({ revision }) => revision >= oldest);
}

/** Events in the order of their revisions, of which some are missing, as old as they are late. */
const histories = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), later: fc.integer({ min: 0, max: 5 }) }), {
    minLength: 1,
    maxLength: 200,
  })
  .map((steps) => {
    let [revision, at] = [0, 0];
    return steps.map(({ gap, later }): Probe => {
      revision += gap;
      at += later;
      return { revision, at, chars: CHARS };
    });
  });

it("forgets no event that is young while there is room, and never the newest", () => {
  fc.assert(
    fc.property(histories, fc.nat(1000), (history, since) => {
      const left = keep(history, { since, chars: 1_000_000 });
      expect(left.at(-1)).toEqual(history.at(-1));
      const young = history.filter(({ at }) => at >= since);
      expect(left.filter(({ at }) => at >= since)).toEqual(young);
    }),
  );
});

it("comes to an end in which at most a twentieth of the whole is older than is to be kept", () => {
  fc.assert(
    fc.property(histories, fc.nat(1000), (history, since) => {
      const left = keep(history, { since, chars: 1_000_000 });
      const span = history.at(-1)!.revision - history[0]!.revision;
      const old = left.slice(0, -1).filter(({ at }) => at < since);
      expect(old.length).toBeLessThanOrEqual(Math.ceil(span / 20));
    }),
  );
});

it("keeps no more characters than it may, but for the newest event", () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 1, max: 30_000 }), (history, chars) => {
      const left = keep(history, { since: 0, chars });
      expect(left.length * CHARS).toBeLessThanOrEqual(Math.max(chars, CHARS));
    }),
  );
});

it("forgets at most 50,000 at once", () => {
  const history = Array.from({ length: 21 }, (_, i): Probe => ({
    revision: 1 + i * 10_000,
    at: i,
    chars: CHARS,
  }));
  expect(keep(history, { since: 100, chars: 1 })[0]).toMatchObject({ revision: 50_001 });
});
