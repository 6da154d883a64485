import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizeBytes } from "../../src/core/agents/agent.ts";
import { CHANGES_BYTES_MAX, changesBetween } from "../../src/core/field-changes.ts";

type Registered = Parameters<typeof changesBetween>[0];

const short = fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null));
const named = (name: fc.Arbitrary<object>) =>
  fc.uniqueArray(name, { maxLength: 3, selector: JSON.stringify });
const registrations = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Registered> =>
  fc
    .record({
      owner: fc.constantFrom(null, "one", "two"),
      registration: fc.record({
        version: value,
        tags: fc.array(value, { maxLength: 3 }),
        metadata: fc.dictionary(fc.constantFrom("a", "b/c", "d~e", "__proto__", "metadata"), value),
        capabilities: named(fc.record({ name: fc.constantFrom("spot", "x/y") })),
        services: named(
          fc.record({ service: fc.constantFrom("s"), handler: fc.constantFrom("g", "h"), n: value }),
        ),
      }),
    })
    .map((made) => made as unknown as Registered);

/** Every field by its path, as the reader of events would keep them. */
function flat({ owner, registration }: Registered): Record<string, string> {
  const { version, tags, metadata, capabilities, services } = registration as unknown as {
    version: unknown;
    tags: unknown;
    metadata: Record<string, unknown>;
    capabilities: { name: string }[];
    services: { service: string; handler: string }[];
  };
  const inPath = (text: string) => text.replaceAll("~", "~0").replaceAll("/", "~1");
  const bindings = services.map((one) => [`services/${one.service}:${one.handler}`, one] as const);
  const isKeyed = new Set(bindings.map(([path]) => path)).size === bindings.length;
  const fields: [string, unknown][] = [
    ["owner", owner],
    ["version", version],
    ["tags", tags],
    ...Object.entries(metadata).map(([key, value]): [string, unknown] => [`metadata/${inPath(key)}`, value]),
    ...capabilities.map((one): [string, unknown] => [`capabilities/${inPath(one.name)}`, one]),
    ...(isKeyed
      ? bindings.map(([path, one]): [string, unknown] => [path, one])
      : [["services", services] as [string, unknown]]),
  ];
  return Object.fromEntries(fields.map(([path, value]) => [path, JSON.stringify(value)]));
}

describe("the changes between two registrations", () => {
  it("make the one of the other, and are none where they are the same", () => {
    fc.assert(
      fc.property(registrations(short), registrations(short), (before, after) => {
        const { changes = [], moreChanges } = changesBetween(before, after);
        expect(moreChanges).toBeUndefined();
        const fields = new Map(Object.entries(flat(before)));
        for (const change of changes) {
          const { field, from, to, shortened } = change;
          expect(shortened).toBeUndefined();
          expect(fields.get(field)).toBe("from" in change ? JSON.stringify(from) : undefined);
          if ("to" in change) fields.set(field, JSON.stringify(to));
          else fields.delete(field);
        }
        expect(Object.fromEntries(fields)).toEqual(flat(after));
        expect(changesBetween(after, after)).toEqual({});
      }),
    );
  });

  it("take 1 KiB at most, whatever changed, and count what they leave out", () => {
    const long = fc.oneof(short, fc.string({ maxLength: 2000, unit: "grapheme" }), fc.array(fc.string()));
    fc.assert(
      fc.property(registrations(long), registrations(long), (before, after) => {
        const { changes = [], moreChanges = 0 } = changesBetween(before, after);
        expect(sizeBytes(changes)).toBeLessThanOrEqual(CHANGES_BYTES_MAX);
        const [was, is] = [flat(before), flat(after)];
        const fields = new Set([...Object.keys(was), ...Object.keys(is)]);
        const changed = [...fields].filter((field) => was[field] !== is[field]);
        expect(changes.length + moreChanges).toBe(changed.length);
        expect(JSON.stringify(changes)).toBe(JSON.stringify(changes).toWellFormed());
      }),
    );
  });

  it("say of a value that is too long how it begins, and that it is shortened", () => {
    const registered = (registration: object) => ({ owner: "one", registration }) as unknown as Registered;
    const before = registered({ metadata: { note: "a" } });
    const after = registered({ metadata: { note: `${"b".repeat(158)}😀b` } });
    expect(changesBetween(before, after).changes).toEqual([
      { field: "metadata/note", from: "a", to: `${"b".repeat(158)}…`, shortened: true },
    ]);
    const longName = "n".repeat(500);
    expect(changesBetween(before, registered({ metadata: { note: "a", [longName]: 1 } })).changes).toEqual([
      { field: `metadata/${"n".repeat(150)}…`, to: 1, shortened: true },
    ]);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key-${i}`, "v".repeat(100)]));
    const { changes, moreChanges } = changesBetween(before, registered({ metadata: { note: "a", ...many } }));
    expect(changes!.length + moreChanges!).toBe(100);
    expect(changes!.at(-1)).toEqual({ field: expect.stringMatching(/^metadata\/key-/), shortened: true });
  });
});
