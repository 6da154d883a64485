import { describe, expect, it } from "vitest";
import { schemaErrors } from "../../src/json-schema/index.ts";
import { DRAFT_2019, DRAFT_2020, DRAFT_4, DRAFT_7, pointers } from "./schemas.ts";

describe("$schema names the draft", () => {
  it.each([
    [DRAFT_4],
    [DRAFT_4.replace("#", "")],
    [DRAFT_7],
    [DRAFT_7.replace("http:", "https:")],
    [DRAFT_2019],
    [`${DRAFT_2020}#`],
    [DRAFT_2020.replace("https:", "http:")],
  ])("knows %s", ($schema) => {
    expect(schemaErrors({ $schema })).toEqual([]);
  });

  it.each([
    ["http://json-schema.org/draft-06/schema#"],
    ["http://json-schema.org/draft-03/schema#"],
    ["http://json-schema.org/schema#"],
    ["https://example.com/schema"],
    ["http://json-schema.org/draft-07/schema#/definitions"],
    [7],
    [null],
  ])("refuses %s", ($schema) => {
    expect(pointers({ $schema })).toEqual(["/$schema"]);
  });

  it("a schema without $schema is read as 2020-12", () => {
    expect(pointers({ prefixItems: [] })).toEqual(["/prefixItems"]);
    expect(schemaErrors({ $schema: DRAFT_7, prefixItems: [] })).toEqual([]);
  });

  it("a part of a schema cannot be of another draft", () => {
    expect(pointers({ $defs: { a: { $id: "a", $schema: DRAFT_7 } } })).toEqual(["/$defs/a/$schema"]);
  });
});
