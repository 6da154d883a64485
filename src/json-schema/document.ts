import type { Draft, JsonSchema, JsonSchemaObject } from "./draft.ts";
import type { Pattern } from "./pattern/index.ts";

/** A schema that references can name by URI: the document itself, or a part of it with an `$id`. */
export interface Resource {
  uri: string;
  root: JsonSchemaObject;
  anchors: Map<string, JsonSchemaObject>;
  /** `$dynamicAnchor`s by name. A `$recursiveAnchor` is stored under "", which is no valid name of an anchor. */
  dynamicAnchors: Map<string, JsonSchemaObject>;
}

/** A resolved `$ref`, `$dynamicRef` or `$recursiveRef`. */
export interface Reference {
  target: JsonSchema;
  /** The target's dynamic anchor; an outer resource's anchor of that name replaces the target. */
  dynamicName: string | undefined;
}

/** A schema within the document. */
export interface Place {
  schema: JsonSchemaObject;
  pointer: string;
  resource: Resource;
  references: Reference[];
}

/** A schema that was read and has no faults. */
export interface SchemaDocument {
  draft: Draft;
  root: JsonSchema;
  places: ReadonlyMap<JsonSchemaObject, Place>;
  /** regular expressions by their text */
  patterns: ReadonlyMap<string, Pattern>;
}
