import * as fc from "fast-check";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** As much of JSON Schema as our own OpenAPI document uses. */
export interface Schema {
  type?: string;
  const?: Json;
  enum?: Json[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
}

/** Small values that fit the schema, as far as a schema can say it. */
export function fromSchema(schema: Schema): fc.Arbitrary<Json> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fromSchema));
  const { minimum = schema.exclusiveMinimum ?? 0, maximum = 1000 } = schema;
  switch (schema.type) {
    case "string":
      if (schema.format === "uri") return fc.constant("https://example.com/a");
      if (schema.pattern) return fc.constantFrom("a", "skill/b", "c:d@e.f-g");
      return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(8, schema.maxLength ?? 8) });
    case "integer":
      return fc.integer({ min: minimum, max: Math.min(maximum, minimum + 1000) });
    case "number":
      return fc.integer({ min: 1, max: 100 }).map((part) => minimum + ((maximum - minimum) * part) / 100);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(fromSchema(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case "object": {
      if (!schema.properties) return fc.dictionary(fc.string({ maxLength: 4 }), fc.integer(), { maxKeys: 3 });
      const fields = Object.entries(schema.properties).map(([key, type]) => [key, fromSchema(type)]);
      const model = Object.fromEntries(fields) as Record<string, fc.Arbitrary<Json>>;
      return fc.record(model, { requiredKeys: schema.required ?? [], noNullPrototype: true });
    }
    default:
      return fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
  }
}
