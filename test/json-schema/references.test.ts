import { describe, expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";
import { DRAFT_2019, DRAFT_2020, DRAFT_4, DRAFT_7, details } from "./schemas.ts";

const REMOTE = "The reference leads out of the document, and nothing is ever fetched.";
const NOWHERE = "The reference leads to no schema of the document.";

describe("references", () => {
  it.each<[schema: unknown, pointer: string, detail: string]>([
    [{ $ref: "https://example.com/schema" }, "/$ref", REMOTE],
    [{ properties: { a: { $ref: "other.json#/a" } } }, "/properties/a/$ref", REMOTE],
    [{ $ref: DRAFT_2020 }, "/$ref", REMOTE],
    [{ $dynamicRef: "https://example.com/#a" }, "/$dynamicRef", REMOTE],
    [{ $ref: "http://[" }, "/$ref", REMOTE],
    [{ $ref: `a${"/a".repeat(600)}` }, "/$ref", REMOTE],
    [{ $ref: "#/$defs/a" }, "/$ref", NOWHERE],
    [{ $ref: "#a" }, "/$ref", NOWHERE],
    [{ $ref: "#/constructor" }, "/$ref", NOWHERE],
    [{ $ref: "#/__proto__" }, "/$ref", NOWHERE],
    [{ allOf: [{ $ref: "#/allOf/length" }] }, "/allOf/0/$ref", NOWHERE],
    [{ $ref: "#/title", title: "a" }, "/$ref", NOWHERE],
    [{ $ref: "#%zz" }, "/$ref", "The reference's fragment is not percent-encoded."],
    [{ $schema: DRAFT_2019, $recursiveRef: "https://example.com/" }, "/$recursiveRef", REMOTE],
    [{ $id: `https://example.com/${"a".repeat(2000)}` }, "", expect.stringContaining("id") as string],
    [
      { $defs: { a: { $id: "x" }, b: { $id: "x" } } },
      "/$defs/b",
      "Two schemas of the document have the same id.",
    ],
    [
      { $defs: { a: { $anchor: "x" }, b: { $anchor: "x" } } },
      "/$defs/b",
      "Two schemas of the document have the same anchor.",
    ],
    [{ $ref: "#/x", x: { type: 1 } }, "/x/type", expect.any(String) as string],
  ])("refuses %j", (schema, pointer, detail) => {
    expect(schemaErrors(schema)).toEqual([{ pointer, detail }]);
  });

  const string = { type: "string" };
  it.each<[name: string, schema: JsonSchema]>([
    ["a pointer", { $ref: "#/$defs/a", $defs: { a: string } }],
    ["a pointer with escapes", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": string } }],
    ["a pointer to an unknown keyword", { $ref: "#/components/a", components: { a: string } }],
    ["a pointer to a name of Object's", { $ref: "#/$defs/constructor", $defs: { constructor: string } }],
    ["an anchor", { $ref: "#a", $defs: { a: { $anchor: "a", ...string } } }],
    ["an id", { $id: "https://example.com/root", $ref: "part", $defs: { a: { $id: "part", ...string } } }],
    [
      "an id that is a URN",
      {
        $id: "urn:example:root",
        $ref: "urn:example:part",
        $defs: { a: { $id: "urn:example:part", ...string } },
      },
    ],
    [
      "its own id",
      {
        $id: "https://example.com/root",
        properties: {},
        allOf: [{ $ref: "root#/$defs/a" }],
        $defs: { a: string },
      },
    ],
    ["draft 7's anchor", { $schema: DRAFT_7, $ref: "#a", definitions: { a: { $id: "#a", ...string } } }],
    ["draft 4's anchor", { $schema: DRAFT_4, $ref: "#a", definitions: { a: { id: "#a", ...string } } }],
    ["a dynamic anchor", { $dynamicRef: "#a", $defs: { a: { $dynamicAnchor: "a", ...string } } }],
  ])("follows %s", (_, schema) => {
    expect(schemaErrors(schema)).toEqual([]);
    const validate = compile(schema);
    expect(validate("text")).toEqual([]);
    expect(validate(1)).toEqual([{ pointer: "", detail: "must be of type string" }]);
  });

  it("a schema can extend a recursive schema of the document through a dynamic anchor", () => {
    const schema = {
      $id: "https://example.com/strict-tree",
      $dynamicAnchor: "node",
      $ref: "tree",
      unevaluatedProperties: false,
      $defs: {
        tree: {
          $id: "tree",
          $dynamicAnchor: "node",
          type: "object",
          properties: { data: true, children: { type: "array", items: { $dynamicRef: "#node" } } },
        },
      },
    };
    expect(schemaErrors(schema)).toEqual([]);
    expect(compile(schema)({ children: [{ data: 1 }] })).toEqual([]);
    expect(compile(schema)({ children: [{ daat: 1 }] }).map(({ pointer }) => pointer)).toEqual([
      "/children/0/daat",
    ]);
  });

  it.each<[JsonSchema]>([
    [{ $ref: "#" }],
    [{ $dynamicRef: "#a", $dynamicAnchor: "a" }],
    [{ $schema: DRAFT_2019, $recursiveRef: "#" }],
    [{ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }],
    [{ allOf: [{ $ref: "#" }] }],
    [{ anyOf: [{ type: "null" }, { $ref: "#" }] }],
    [{ oneOf: [{ $ref: "#" }] }],
    [{ not: { $ref: "#" } }],
    [{ if: { $ref: "#" } }],
    [{ if: true, then: { $ref: "#" } }],
    [{ if: false, else: { $ref: "#" } }],
    [{ dependentSchemas: { a: { $ref: "#" } } }],
    [{ $schema: DRAFT_7, dependencies: { a: { $ref: "#" } } }],
    [{ $defs: { unused: { $ref: "#/$defs/unused" } } }],
  ])("refuses a schema that applies itself to the same value: %j", (schema) => {
    expect(details(schema)).toEqual([expect.stringContaining("refers to itself")]);
  });

  it.each<[JsonSchema]>([
    [{ properties: { next: { $ref: "#" } } }],
    [{ items: { $ref: "#" } }],
    [{ additionalProperties: { $ref: "#" } }],
    [{ allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/a" }], $defs: { a: { type: "object" } } }],
    [{ $schema: DRAFT_7, $ref: "#/definitions/a", allOf: [{ $ref: "#" }], definitions: { a: {} } }],
  ])("admits recursion into parts of the value, and a schema that is used twice: %j", (schema) => {
    expect(schemaErrors(schema)).toEqual([]);
  });
});
