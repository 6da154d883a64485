import type { Place, Reference, Resource, SchemaDocument } from "./document.ts";
import { draftOf, hidesSiblings, own, type Draft, type Fault, type JsonSchemaObject } from "./draft.ts";
import { isObject, JSON_DEPTH_MAX, pointerStep, shortPointer, sizeWithin } from "./json-value.ts";
import { KEYWORDS } from "./keywords.ts";
import { CHAIN_MAX, findLoop } from "./loops.ts";
import { children } from "./nesting.ts";
import { SchemaPatterns } from "./schema-patterns.ts";

/** Values plus characters: half of what a request body may have, and more than the largest published tool schemas. */
const SCHEMA_WEIGHT_MAX = 131_072;
/** Schemas within the schema; an evaluation visits each at least once. */
const SUBSCHEMAS_MAX = 5_000;
/** Schemas with an id. A dynamic reference may lead to any of them. */
const RESOURCES_MAX = 100;
const URI_LENGTH_MAX = 1_024;
const FAULTS_MAX = 20;

/** Relative references of a document without `$id` are resolved against this. It is never fetched. */
const BASE = "https://schema.invalid/";

export type ReadSchema =
  | { document: SchemaDocument; warnings: Fault[] }
  | { errors: Fault[]; warnings: Fault[] };

/** Checks a schema against the meta-schema of its draft and resolves its references. */
export function readSchema(schema: unknown): ReadSchema {
  const refused = (pointer: string, detail: string) => ({ errors: [{ pointer, detail }], warnings: [] });
  if (!sizeWithin(schema, { depth: JSON_DEPTH_MAX, weight: SCHEMA_WEIGHT_MAX })) {
    return refused(
      "",
      `The schema is nested deeper than ${JSON_DEPTH_MAX} levels, or has more than ${SCHEMA_WEIGHT_MAX} values and characters.`,
    );
  }
  if (typeof schema === "boolean") {
    const document: SchemaDocument = {
      draft: "2020-12",
      root: schema,
      places: new Map(),
      patterns: new Map(),
    };
    return { document, warnings: [] };
  }
  if (!isObject(schema)) return refused("", "A schema is an object, or true, or false.");
  const named = own(schema, "$schema");
  const draft = named === undefined ? "2020-12" : draftOf(named);
  if (!draft) {
    return refused(
      "/$schema",
      "Drafts 4, 7, 2019-09 and 2020-12 are known, by the URIs of their meta-schemas.",
    );
  }
  const { places, patterns, errors } = new Reader(draft).read(schema);
  const { warnings } = patterns;
  if (errors.length > 0) return { errors, warnings };
  return { document: { draft, root: schema, places, patterns: patterns.bySource }, warnings };
}

class Reader {
  readonly places = new Map<JsonSchemaObject, Place>();
  readonly patterns = new SchemaPatterns();
  readonly errors: Fault[] = [];
  readonly #resources = new Map<string, Resource>();
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  read(root: JsonSchemaObject): this {
    this.#visit(root, "", undefined);
    // A reference may lead to a schema under an unknown keyword. It is added to the places, and so visited by this loop too.
    for (const place of this.places.values()) this.#resolve(place);
    if (this.errors.length > 0) return this;
    const loop = findLoop(this.#draft, this.places, this.#resources.values());
    if (loop) {
      this.#refuse(
        loop.pointer,
        `The schema refers to itself without looking at a part of the value, or more than ${CHAIN_MAX} schemas apply to one value through each other.`,
      );
    }
    return this;
  }

  #refuse(pointer: string, detail: string): void {
    if (this.errors.length < FAULTS_MAX) this.errors.push({ pointer: shortPointer(pointer), detail });
  }

  #visit(value: unknown, pointer: string, outer: Resource | undefined): void {
    if (this.errors.length >= FAULTS_MAX || typeof value === "boolean") return;
    if (!isObject(value)) return this.#refuse(pointer, "A schema is an object, or true, or false.");
    if (this.places.has(value)) return;
    if (this.places.size === SUBSCHEMAS_MAX) {
      return this.#refuse(pointer, `The schema consists of more than ${SUBSCHEMAS_MAX} schemas.`);
    }
    const resource = this.#resourceOf(value, pointer, outer);
    if (!resource) return;
    this.places.set(value, { schema: value, pointer, resource, references: [] });
    this.#addAnchors(value, pointer, resource);
    if (outer && Object.hasOwn(value, "$schema") && draftOf(value["$schema"]) !== this.#draft) {
      this.#refuse(`${pointer}/$schema`, "A part of a schema is of the same draft as the whole.");
    }
    for (const [name, keyword] of KEYWORDS[this.#draft]) {
      if (!Object.hasOwn(value, name)) continue;
      const at = `${pointer}/${name}`;
      const refusal = keyword.refusal(value[name]) ?? this.patterns.refusal(name, value[name], at);
      if (refusal) this.#refuse(at, `The ${name} ${refusal}.`);
      else
        for (const [within, child] of children(keyword.nesting, value[name]))
          this.#visitChild(name, child, at + within, resource);
    }
  }

  #visitChild(keyword: string, child: unknown, pointer: string, resource: Resource): void {
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

  #addAnchors(schema: JsonSchemaObject, pointer: string, resource: Resource): void {
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
        // In these drafts the fragment of an id is an anchor.
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
      else {
        // A plain $ref never moves to an outer resource's anchor.
        const dynamicName = keyword === "$ref" ? undefined : found.dynamicName;
        place.references.push({ target: found.target, dynamicName });
      }
    }
  }

  /** What a reference leads to, or, as text, why it leads nowhere. */
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

  /** What a JSON pointer into a resource leads to. If it is an object, it is read as a schema, under whatever keyword it is. */
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
}

function resolved(reference: string, base: string): string | undefined {
  if (reference.length > URI_LENGTH_MAX) return undefined;
  const url = URL.parse(reference, base);
  return url && url.href.length <= 2 * URI_LENGTH_MAX ? url.href : undefined;
}
