import type * as core from "zod/v4/core";
import { activationItem } from "../src/core/agents/activation-file.ts";
import { heartbeatInput, registrationInput } from "../src/core/agents/agent.ts";
import { keyInput } from "../src/core/api-key.ts";
import { PRIORITIES } from "../src/core/services/binding.ts";
import { toolsetInput } from "../src/core/toolsets/toolset.ts";
import { subscriptionInput } from "../src/core/webhooks/subscription.ts";
import * as answers from "../src/http/answers/index.ts";

const inputs = {
  registration: registrationInput,
  heartbeat: heartbeatInput,
  component: activationItem,
  toolset: toolsetInput,
  key: keyInput,
  subscription: subscriptionInput,
};

/** Before defaults and transformations, or after them. */
type Side = "input" | "output";

/** The types of src/client/wire.ts as text that needs no zod: whoever installs the package may have none, or another. */
export function wireTypes(): string {
  const isObject = (schema: core.$ZodType) => partsOf(schema).def.type === "object";
  const objects = Object.entries<core.$ZodType>(answers).filter(([, schema]) => isObject(schema));
  const names = new Map(objects.map(([name, schema]) => [schema, `Answers["${name}"]`]));
  const fieldsOf = (schemas: Record<string, core.$ZodType>, side: Side) =>
    Object.entries(schemas).map(([name, schema]) => `${name}: ${new Printer(side, names).define(schema)}`);
  return [
    `export type Answers = ${block(fieldsOf(answers, "output"))};\n`,
    `export type Inputs = ${block(fieldsOf(inputs, "input"))};\n`,
    `export type Priorities = ${JSON.stringify(PRIORITIES)};\n`,
  ].join("");
}

// oxlint-disable-next-line no-underscore-dangle -- zod's name of what it shows to libraries
const partsOf = (schema: core.$ZodType) => (schema as core.$ZodTypes)._zod;

const block = (lines: readonly string[]): string =>
  `{\n${lines.map((line) => `  ${line.replaceAll("\n", "\n  ")};\n`).join("")}}`;
const union = (types: readonly string[]): string => [...new Set(types)].join(" | ");

class Printer {
  readonly #side: Side;
  readonly #names: ReadonlyMap<core.$ZodType, string>;

  /** @param names  what schemas are referred to by */
  constructor(side: Side, names: ReadonlyMap<core.$ZodType, string>) {
    this.#side = side;
    this.#names = names;
  }

  #refer(schema: core.$ZodType): string {
    return this.#names.get(schema) ?? this.define(schema);
  }

  define(schema: core.$ZodType): string {
    const { def } = partsOf(schema);
    switch (def.type) {
      case "string":
      case "number":
      case "boolean":
      case "unknown":
        return def.type;
      case "transform":
        return "unknown";
      case "enum":
        return union(Object.values(def.entries).map((value) => JSON.stringify(value)));
      case "literal":
        return union(def.values.map((value) => JSON.stringify(value)));
      case "union":
        return union(def.options.map((option) => this.#refer(option)));
      case "nullable":
        return union([this.#refer(def.innerType), "null"]);
      case "optional":
        return union([this.#refer(def.innerType), "undefined"]);
      case "default":
        return union([this.#refer(def.innerType), ...(this.#side === "input" ? ["undefined"] : [])]);
      case "pipe":
        return this.#refer(this.#side === "input" ? def.in : def.out);
      case "array":
        return `Array<${this.#refer(def.element)}>`;
      case "record":
        return `Record<${this.#refer(def.keyType)}, ${this.#refer(def.valueType)}>`;
      case "object":
        return this.#object(def);
      default:
        throw new Error(`no type is known for a schema of the type ${def.type}`);
    }
  }

  #object({ shape, catchall }: core.$ZodObjectDef): string {
    const fields = Object.entries(shape).map(([name, schema]) => {
      const { optin, optout } = partsOf(schema);
      const isOptional = (this.#side === "input" ? optin : optout) !== undefined;
      const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
      return `${key}${isOptional ? "?" : ""}: ${this.#refer(schema)}`;
    });
    const isLoose = catchall !== undefined && partsOf(catchall).def.type !== "never";
    return block([...fields, ...(isLoose ? ["[more: string]: unknown"] : [])]);
  }
}
