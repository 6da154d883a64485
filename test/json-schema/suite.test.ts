import { describe, expect, it } from "vitest";
import { compile, schemaErrors, type JsonSchema } from "../../src/json-schema/index.ts";
import draft2019 from "../support/json-schema-test-suite/draft2019-09.json?raw";
import draft2020 from "../support/json-schema-test-suite/draft2020-12.json?raw";
import draft4 from "../support/json-schema-test-suite/draft4.json?raw";
import draft7 from "../support/json-schema-test-suite/draft7.json?raw";

interface Case {
  description: string;
  schema: JsonSchema;
  tests: { description: string; data: unknown; valid: boolean }[];
}
/** Cases by the file of the suite that they stand in. */
const parse = (text: string) => JSON.parse(text) as Record<string, Case[]>;

const SUITES: [draft: string, metaSchema: string, suite: ReturnType<typeof parse>][] = [
  ["4", "http://json-schema.org/draft-04/schema#", parse(draft4)],
  ["7", "http://json-schema.org/draft-07/schema#", parse(draft7)],
  ["2019-09", "https://json-schema.org/draft/2019-09/schema", parse(draft2019)],
  ["2020-12", "https://json-schema.org/draft/2020-12/schema", parse(draft2020)],
];

/** Cases that are not run, and what they need. */
const EXCEPTIONS: Record<
  string,
  { reason: "a remote schema" | "a meta-schema of its own"; cases: string[] }
> = {
  refRemote: {
    reason: "a remote schema",
    cases: [
      "Location-independent identifier in remote ref",
      "anchor within remote ref",
      "base URI change",
      "base URI change - change folder",
      "base URI change - change folder in subschema",
      "fragment within remote ref",
      "ref within remote ref",
      "remote HTTP ref with different $id",
      "remote HTTP ref with different URN $id",
      "remote HTTP ref with nested absolute ref",
      "remote ref",
      "remote ref with ref to definitions",
      "remote ref with ref to defs",
      "retrieved nested refs resolve relative to their URI not $id",
      "root ref in remote ref",
    ],
  },
  dynamicRef: {
    reason: "a remote schema",
    cases: [
      "$ref and $dynamicAnchor are independent of order - $defs first",
      "$ref and $dynamicAnchor are independent of order - $ref first",
      "strict-tree schema, guards against misspelled properties",
      "tests for implementation dynamic anchor and reference link",
    ],
  },
  vocabulary: {
    reason: "a meta-schema of its own",
    cases: [
      "ignore unrecognized optional vocabulary",
      "schema that uses custom metaschema with with no validation vocabulary",
    ],
  },
};

const REFUSALS = {
  "a remote schema": "The reference leads out of the document, and nothing is ever fetched.",
  "a meta-schema of its own":
    "Drafts 4, 7, 2019-09 and 2020-12 are known, by the URIs of their meta-schemas.",
};

const exceptionOf = (file: string, { description }: Case) =>
  EXCEPTIONS[file]?.cases.includes(description) ? EXCEPTIONS[file].reason : undefined;

const isObject = (schema: unknown): schema is Record<string, unknown> =>
  typeof schema === "object" && schema !== null && !Array.isArray(schema);

describe.each(SUITES)("the JSON Schema Test Suite's required cases of draft %s", (_, metaSchema, suite) => {
  const ofDraft = <T>(schema: T): T => (isObject(schema) ? { $schema: metaSchema, ...schema } : schema);
  const files = Object.entries(suite);

  it.each(files)("decides as %s does", (file, cases) => {
    for (const each of cases.filter((one) => exceptionOf(file, one) === undefined)) {
      // A reference to the meta-schema asks whether the value is a schema: schemaErrors answers that.
      const asksForSchema = isObject(each.schema) && each.schema["$ref"] === metaSchema;
      const schema = ofDraft(each.schema);
      expect(asksForSchema ? [] : schemaErrors(schema), each.description).toEqual([]);
      const validate = asksForSchema ? (data: unknown) => schemaErrors(ofDraft(data)) : compile(schema);
      for (const { description, data, valid } of each.tests) {
        const errors = validate(data);
        expect(errors.length === 0, `${each.description}: ${description}: ${JSON.stringify(errors)}`).toBe(
          valid,
        );
      }
    }
  });

  it("refuses the schemas of the cases that are left out", () => {
    for (const [file, cases] of files) {
      for (const each of cases) {
        const exception = exceptionOf(file, each);
        if (exception === undefined) continue;
        expect(
          schemaErrors(ofDraft(each.schema)).map(({ detail }) => detail),
          each.description,
        ).toContain(REFUSALS[exception]);
      }
    }
  });
});

it("every case that is left out exists in the suite", () => {
  for (const [file, { cases }] of Object.entries(EXCEPTIONS)) {
    const known = SUITES.flatMap(([, , suite]) => suite[file] ?? []).map(({ description }) => description);
    expect(known).toEqual(expect.arrayContaining(cases));
  }
});
