import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasTerm, termsOf } from "../../src/core/kinds.ts";
import { T0 } from "../store/conformance/opened.ts";
import { entryOf } from "../support/entries.ts";

// Few and hostile names, so that terms of one entry are often near those of another.
const name = fc.constantFrom("a", "b", "a:b", ":", "service", "type:a", "tag");
const fields = fc.record(
  {
    type: name,
    capabilities: fc.array(name, { maxLength: 3 }),
    tags: fc.array(name, { maxLength: 3 }),
    services: fc.uniqueArray(
      name.map((service) => ({ service })),
      { maxLength: 2, selector: ({ service }) => service },
    ),
    health_url: fc.constant("https://a.example/health"),
  },
  { requiredKeys: [] },
);

describe("an agent", () => {
  it("is under just the terms that are its own", () => {
    fc.assert(
      fc.property(fields, fields, (one, other) => {
        const { document } = entryOf({ id: "a", ...one }, T0);
        const another = entryOf({ id: "b", ...other }, T0);
        const own = termsOf("agent", document);
        const asked = [
          ...own,
          ...termsOf("agent", another.document),
          "health_url",
          "service",
          "nonsense",
          "tag:",
        ];
        expect(asked.filter((term) => hasTerm("agent", document, term))).toEqual(
          asked.filter((term) => own.includes(term)),
        );
      }),
    );
  });
});
