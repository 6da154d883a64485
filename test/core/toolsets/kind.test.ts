import { describe, expect, it } from "vitest";
import { kindOfTerm, termsOf } from "../../../src/core/kinds.ts";
import { entryOf } from "../../support/entries.ts";
import { NOW, ownedToolset as entry } from "../../support/toolset-entries.ts";

describe("a toolset's terms", () => {
  it("are its kind and each tag once", () => {
    const { document } = entry({ tags: ["a", "b", "a"] });
    expect(termsOf("toolset", document)).toEqual(["toolset", "toolset_tag:a", "toolset_tag:b"]);
  });

  it("are never an agent's, whatever either is called", () => {
    const words = ["toolset", "agent", "tag:a", "toolset_tag:a", "a", "service"];
    const agent = entryOf(
      {
        id: "a",
        type: "toolset",
        tags: words,
        capabilities: words,
        services: words.map((service) => ({ service })),
      },
      NOW,
    );
    for (const term of termsOf("agent", agent.document))
      expect([term, kindOfTerm(term)]).toEqual([term, "agent"]);
    for (const term of termsOf("toolset", entry({ tags: words }).document)) {
      expect([term, kindOfTerm(term)]).toEqual([term, "toolset"]);
    }
  });
});
