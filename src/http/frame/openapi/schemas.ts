import * as z from "zod";
import { heartbeatInput, registrationInput } from "../../../core/agents/agent.ts";
import { bindingInput } from "../../../core/services/binding.ts";
import { toolInput } from "../../../core/toolsets/tool.ts";
import { toolsetInput } from "../../../core/toolsets/toolset.ts";
import * as shapes from "../../answers/index.ts";

export type Json = Record<string, unknown>;

/** The shapes that have a name: those of answers under theirs, and these of requests. */
const NAMED = {
  ...shapes,
  registration: registrationInput,
  heartbeat: heartbeatInput,
  offer: bindingInput,
  toolsetRegistration: toolsetInput,
  toolRegistration: toolInput,
};
for (const [name, type] of Object.entries(NAMED)) {
  const id = name[0]!.toUpperCase() + name.slice(1);
  z.globalRegistry.add(type, { ...z.globalRegistry.get(type), id });
}

const IN_SCHEMA = '"#/$defs/';
const IN_DOCUMENT = '"#/components/schemas/';

const relocated = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll(IN_SCHEMA, IN_DOCUMENT)) as Json;

/** A limit that is no more than what JavaScript can count. */
const isCountable = (limit: unknown): boolean =>
  typeof limit === "number" && Math.abs(limit) === Number.MAX_SAFE_INTEGER;

/** The JSON Schemas of one document. Those with a name are shown once, and elsewhere by reference. */
export class Schemas {
  /** By name. */
  readonly named: Json = {};

  /** What a request may say; strict where the schema is. */
  ofInput(type: z.ZodType): Json {
    return this.#of(type, "input");
  }

  /** What an answer says. It is open: a later version may say more. */
  ofOutput(type: z.ZodType): Json {
    return this.#of(type, "output");
  }

  #of(type: z.ZodType, io: "input" | "output"): Json {
    const {
      $schema: _,
      $defs = {},
      ...schema
    } = z.toJSONSchema(type, {
      io,
      unrepresentable: "any",
      override({ jsonSchema }) {
        if (io === "output" && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties;
        if (isCountable(jsonSchema.minimum)) delete jsonSchema.minimum;
        if (isCountable(jsonSchema.maximum)) delete jsonSchema.maximum;
      },
    });
    Object.assign(this.named, relocated($defs));
    return relocated(schema);
  }
}
