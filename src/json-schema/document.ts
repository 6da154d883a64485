import { JSON_DEPTH_MAX, pointerStep, shortPointer, sizeWithin } from "./json-value.ts";
import type { FieldError } from "../core/problem.ts";
import {
  draftOf,
  isObject,
  KEYWORDS,
  own,
  type Draft,
  type JsonSchema,
  type JsonSchemaObject,
  type Nesting,
} from "./keywords.ts";

/** Values and characters: half of what a body may have, and more than the largest published tool schemas. */
export const SCHEMA_WEIGHT_MAX = 131_072;
/** Schemas within the schema: each is a step of an evaluation. */
const SUBSCHEMAS_MAX = 5_000;
/** Schemas that may apply to one value through each other (`allOf`, `$ref`, …). */
const CHAIN_MAX = 64;
/** Schemas with an id; a dynamic reference may lead to any of them. */
const RESOURCES_MAX = 100;
/** Regular expressions; the engine takes a good part of a millisecond to compile one that is used. */
const PATTERNS_MAX = 100;
const URI_LENGTH_MAX = 1_024;
const ERRORS_MAX = 20;

/** A schema with an identity of its own: the document itself, or a part with an `$id`. */
export interface Resource {
  uri: string;
  root: JsonSchemaObject;
  anchors: Map<string, JsonSchemaObject>;
  /** `$dynamicAnchor`s by name; a `$recursiveAnchor` has the name "", which no anchor can have. */
  dynamicAnchors: Map<string, JsonSchemaObject>;
}

/** What a reference leads to. */
export interface Reference {
  target: JsonSchema;
  /** The dynamic anchor that the target was found by, if an outer one of that name is to be preferred. */
  dynamicName: string | undefined;
}

/** A schema at its place in the document. */
export interface Place {
  schema: JsonSchemaObject;
  pointer: string;
  resource: Resource;
  references: Reference[];
}

export interface SchemaDocument {
  draft: Draft;
  root: JsonSchema;
  places: ReadonlyMap<JsonSchemaObject, Place>;
}

/** So that relative references of a document without `$id` have something to be relative to; nothing is ever fetched. */
const BASE = "https://schema.invalid/";

/** In drafts 4 and 7 nothing counts beside a `$ref`. */
export const hidesSiblings = (draft: Draft, schema: JsonSchemaObject): boolean =>
  (draft === "4" || draft === "7") && typeof own(schema, "$ref") === "string";

/** Reads a schema against the meta-schema of its draft and resolves its references, or says what is wrong with it. */
export function readSchema(schema: unknown): { document: SchemaDocument } | { errors: FieldError[] } {
  const refused = (pointer: string, detail: string) => ({ errors: [{ pointer, detail }] });
  if (!sizeWithin(schema, { depth: JSON_DEPTH_MAX, weight: SCHEMA_WEIGHT_MAX })) {
    return refused(
      "",
      `The schema is nested deeper than ${JSON_DEPTH_MAX} levels, or has more than ${SCHEMA_WEIGHT_MAX} values and characters.`,
    );
  }
  if (typeof schema === "boolean") {
    return { document: { draft: "2020-12", root: schema, places: new Map() } };
  }
  if (!isObject(schema)) return refused("", "A schema is an object, or true, or false.");
  const named = own(schema, "$schema");
  const draft = named === undefined ? "2020-12" : draftOf(named);
  if (!draft)
    return refused(
      "/$schema",
      "Drafts 4, 7, 2019-09 and 2020-12 are known, by the URIs of their meta-schemas.",
    );

  const { places, errors } = new Reader(draft).read(schema);
  return errors.length > 0 ? { errors } : { document: { draft, root: schema, places } };
}

class Reader {
  readonly places = new Map<JsonSchemaObject, Place>();
  readonly errors: FieldError[] = [];
  readonly #resources = new Map<string, Resource>();
  readonly #draft: Draft;
  #patterns = 0;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  read(root: JsonSchemaObject): this {
    this.#visit(root, "", undefined);
    // References can lead to schemas under unknown keywords, which join the places while they are gone through.
    for (const place of this.places.values()) this.#resolve(place);
    if (this.errors.length === 0) this.#refuseLoops();
    return this;
  }

  #refuse(pointer: string, detail: string): void {
    if (this.errors.length < ERRORS_MAX) this.errors.push({ pointer: shortPointer(pointer), detail });
  }

  #visit(value: unknown, pointer: string, outer: Resource | undefined): void {
    if (this.errors.length >= ERRORS_MAX || typeof value === "boolean") return;
    if (!isObject(value)) return this.#refuse(pointer, "A schema is an object, or true, or false.");
    if (this.places.has(value)) return;
    if (this.places.size === SUBSCHEMAS_MAX) {
      return this.#refuse(pointer, `The schema consists of more than ${SUBSCHEMAS_MAX} schemas.`);
    }
    const resource = this.#resourceOf(value, pointer, outer);
    if (!resource) return;
    this.places.set(value, { schema: value, pointer, resource, references: [] });
    this.#anchor(value, pointer, resource);
    if (outer && Object.hasOwn(value, "$schema") && draftOf(value["$schema"]) !== this.#draft) {
      this.#refuse(`${pointer}/$schema`, "A part of a schema is of the same draft as the whole.");
    }
    for (const [name, keyword] of KEYWORDS[this.#draft]) {
      if (!Object.hasOwn(value, name)) continue;
      const at = `${pointer}/${name}`;
      this.#patterns += patternsIn(name, value[name]);
      if (this.#patterns > PATTERNS_MAX) {
        return this.#refuse(at, `The schema has more than ${PATTERNS_MAX} regular expressions.`);
      }
      const refusal = keyword.refusal(value[name]);
      if (refusal) this.#refuse(at, `The ${name} ${refusal}.`);
      else
        for (const [within, child] of children(keyword.nesting, value[name]))
          this.#nested(name, child, at + within, resource);
    }
  }

  #nested(keyword: string, child: unknown, pointer: string, resource: Resource): void {
    const knowsBooleans = this.#draft !== "4" || keyword.startsWith("additional");
    if (typeof child === "boolean" && !knowsBooleans) {
      return this.#refuse(pointer, "In draft 4 a schema is an object.");
    }
    this.#visit(child, pointer, resource);
  }

  #resourceOf(schema: JsonSchemaObject, pointer: string, outer: Resource | undefined): Resource | undefined {
    const id = hidesSiblings(this.#draft, schema)
      ? undefined
      : own(schema, this.#draft === "4" ? "id" : "$id");
    const isAnchor = typeof id === "string" && id.startsWith("#");
    if (outer && (typeof id !== "string" || isAnchor)) return outer;
    const uri =
      typeof id === "string" && !isAnchor ? resolved(id, outer?.uri ?? BASE)?.split("#", 1)[0] : BASE;
    if (uri === undefined) {
      this.#refuse(
        pointer,
        `The schema's id is not a URI reference of at most ${URI_LENGTH_MAX} characters.`,
      );
      return undefined;
    }
    if (this.#resources.has(uri)) {
      this.#refuse(pointer, "Two schemas of the document have the same id.");
      return undefined;
    }
    if (this.#resources.size === RESOURCES_MAX) {
      this.#refuse(pointer, `More than ${RESOURCES_MAX} schemas of the document have an id.`);
      return undefined;
    }
    const resource = { uri, root: schema, anchors: new Map(), dynamicAnchors: new Map() };
    this.#resources.set(uri, resource);
    return resource;
  }

  #anchor(schema: JsonSchemaObject, pointer: string, resource: Resource): void {
    const add = (name: unknown) => {
      if (typeof name !== "string" || name === "") return;
      if ((resource.anchors.get(name) ?? schema) !== schema)
        this.#refuse(pointer, "Two schemas of the document have the same anchor.");
      resource.anchors.set(name, schema);
    };
    switch (this.#draft) {
      case "4":
      case "7": {
        const id = own(schema, this.#draft === "4" ? "id" : "$id");
        // A fragment in an id was the anchor of these drafts.
        if (typeof id === "string" && !hidesSiblings(this.#draft, schema)) add(id.split("#")[1]);
        break;
      }
      case "2019-09":
        add(own(schema, "$anchor"));
        if (schema === resource.root && own(schema, "$recursiveAnchor") === true) {
          resource.dynamicAnchors.set("", schema);
        }
        break;
      case "2020-12": {
        const dynamic = own(schema, "$dynamicAnchor");
        add(own(schema, "$anchor"));
        add(dynamic);
        if (typeof dynamic === "string") resource.dynamicAnchors.set(dynamic, schema);
      }
    }
  }

  #resolve(place: Place): void {
    for (const keyword of ["$ref", "$dynamicRef", "$recursiveRef"]) {
      if (!KEYWORDS[this.#draft].has(keyword)) continue;
      const reference = own(place.schema, keyword);
      if (typeof reference !== "string") continue;
      const found = this.#find(reference, place.resource);
      if (typeof found === "string") this.#refuse(`${place.pointer}/${keyword}`, found);
      // Only the two that look for it let themselves be diverted to an outer anchor.
      else
        place.references.push({ ...found, dynamicName: keyword === "$ref" ? undefined : found.dynamicName });
    }
  }

  /** What a reference leads to, or why to nothing. */
  #find(reference: string, from: Resource): Reference | string {
    const [, fragment = ""] = reference.split("#");
    let resource: Resource | undefined = from;
    if (!reference.startsWith("#")) {
      const uri = resolved(reference, from.uri)?.split("#", 1)[0];
      resource = uri === undefined ? undefined : this.#resources.get(uri);
      if (!resource) return "The reference leads out of the document, and nothing is ever fetched.";
    }
    let name: string;
    try {
      name = decodeURIComponent(fragment);
    } catch {
      return "The reference's fragment is not percent-encoded.";
    }
    const target =
      name === ""
        ? resource.root
        : name.startsWith("/")
          ? this.#at(name, resource)
          : resource.anchors.get(name);
    if (typeof target !== "boolean" && !isObject(target))
      return "The reference leads to no schema of the document.";
    const dynamicName = resource.dynamicAnchors.get(name) === target ? name : undefined;
    return { target, dynamicName };
  }

  /** What a JSON pointer into a resource leads to; known as a schema from then on, wherever it was found. */
  #at(pointer: string, resource: Resource): unknown {
    let value: unknown = resource.root;
    let place = this.places.get(resource.root)!;
    let path = place.pointer;
    for (const step of pointer.slice(1).split("/")) {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as JsonSchemaObject)[name];
      path += pointerStep(name);
      place = this.places.get(value as JsonSchemaObject) ?? place;
    }
    if (isObject(value) && !this.places.has(value)) this.#visit(value, path, place.resource);
    return value;
  }

  /** Refuses schemas that apply to a value only if they apply to it. */
  #refuseLoops(): void {
    const heights = new Map<JsonSchemaObject, number>();
    const open = new Set<JsonSchemaObject>();
    const heightOf = (schema: JsonSchemaObject): number => {
      const known = heights.get(schema);
      if (known !== undefined) return known;
      if (open.has(schema) || open.size === CHAIN_MAX) return Infinity;
      open.add(schema);
      let height = 1;
      for (const next of this.#besides(this.places.get(schema)!))
        height = Math.max(height, 1 + heightOf(next));
      open.delete(schema);
      heights.set(schema, height);
      return height;
    };
    for (const { schema, pointer } of this.places.values()) {
      if (heightOf(schema) <= CHAIN_MAX) continue;
      return this.#refuse(
        pointer,
        `The schema refers to itself without looking at a part of the value, or more than ${CHAIN_MAX} schemas apply to one value through each other.`,
      );
    }
  }

  /** The schemas that apply to the same value as a schema does. */
  *#besides({ schema, references }: Place): Iterable<JsonSchemaObject> {
    for (const { target, dynamicName } of references) {
      if (typeof target === "object") yield target;
      if (dynamicName === undefined) continue;
      for (const { dynamicAnchors } of this.#resources.values()) {
        const other = dynamicAnchors.get(dynamicName);
        if (other) yield other;
      }
    }
    if (hidesSiblings(this.#draft, schema)) return;
    for (const name of IN_PLACE) {
      const nesting = KEYWORDS[this.#draft].get(name)?.nesting;
      if (!nesting || !Object.hasOwn(schema, name)) continue;
      for (const [, child] of children(nesting, schema[name])) if (isObject(child)) yield child;
    }
  }
}

const IN_PLACE = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"];

function patternsIn(keyword: string, value: unknown): number {
  if (keyword === "pattern") return 1;
  return keyword === "patternProperties" && isObject(value) ? Object.keys(value).length : 0;
}

/** The schemas that a keyword holds, each with the pointer from the keyword to it. */
function children(nesting: Nesting | undefined, value: unknown): [pointer: string, child: unknown][] {
  const list = () =>
    (value as unknown[]).map((child, index): [string, unknown] => [pointerStep(index), child]);
  const map = () =>
    Object.entries(value as object).map(([name, child]): [string, unknown] => [pointerStep(name), child]);
  switch (nesting) {
    case undefined:
      return [];
    case "schema":
      return [["", value]];
    case "list":
      return list();
    case "schema or list":
      return Array.isArray(value) ? list() : [["", value]];
    case "map":
      return map();
    case "map of schemas or names":
      return map().filter(([, child]) => !Array.isArray(child));
  }
}

function resolved(reference: string, base: string): string | undefined {
  if (reference.length > URI_LENGTH_MAX) return undefined;
  const url = URL.parse(reference, base);
  return url && url.href.length <= 2 * URI_LENGTH_MAX ? url.href : undefined;
}
