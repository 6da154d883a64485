import type { ArgsDef, ParsedArgs } from "citty";
import { createClient, type Registry } from "../client/index.ts";
import { numberOf, parseArguments, UsageError, valuesOf } from "./arguments.ts";
import { type Io, type Paint, painter } from "./io.ts";

export const DEFAULT_URL = "http://localhost:8787";

/** The options of every command. */
const SHARED = {
  json: { type: "boolean", description: "Answer as JSON, for machines" },
  url: { type: "string", description: `The registry's URL (or ROLLCALL_URL; ${DEFAULT_URL})` },
  key: { type: "string", description: "An API key (or ROLLCALL_KEY)" },
  namespace: { type: "string", description: "Under open access: the namespace (or ROLLCALL_NAMESPACE)" },
} as const satisfies ArgsDef;
type Shared = typeof SHARED;

/** One run of a command. */
export interface Session<T extends ArgsDef> {
  args: ParsedArgs<T & Shared>;
  /** Every value of an option that may be repeated. */
  all: (name: keyof T & string) => string[];
  /** What follows `--`; empty unless the command takes one. */
  command: readonly string[];
  /** @throws {UsageError} if it is given and not a number */
  number: (name: keyof T & string) => number | undefined;
  io: Io;
  /** Styles text for standard output. */
  paint: Paint;
  client: Registry;
  /** The registry's. */
  url: string;
  /** Whether the answer is to be JSON. */
  json: boolean;
  /** Writes the answer: the value as JSON, or else the text. */
  answer: (value: unknown, text: () => string) => void;
}

export interface Command {
  description: string;
  /** As they are typed after `rollcall`. */
  examples: readonly string[];
  args: ArgsDef;
  /** Resolves to the exit code; undefined means 0. */
  run: (rawArgs: readonly string[], io: Io) => Promise<number | void>;
}

export function command<const T extends ArgsDef>(declared: {
  description: string;
  examples: readonly string[];
  args: T;
  /** What follows `--` is a command to run, and none of this one's arguments. */
  takesCommand?: true;
  run: (session: Session<T>) => Promise<number | void>;
}): Command {
  const declaredArgs: ArgsDef = { ...declared.args, ...SHARED };
  return {
    ...declared,
    args: declaredArgs,
    run(given, io) {
      const end = declared.takesCommand ? given.indexOf("--") : -1;
      const rawArgs = end < 0 ? given : given.slice(0, end);
      const args = parseArguments<T & Shared>(rawArgs, declaredArgs);
      const shared = parseArguments<Shared>(rawArgs, declaredArgs);
      const option = (name: "url" | "key" | "namespace") =>
        shared[name] ?? (io.env[`ROLLCALL_${name.toUpperCase()}`] || undefined);
      const url = option("url") ?? DEFAULT_URL;
      if (!URL.canParse(url)) throw new UsageError(`"${url}" is not a URL: it begins with https://`);
      const json = shared.json === true;
      return declared.run({
        args,
        all: (name) => valuesOf(rawArgs, name),
        command: end < 0 ? [] : given.slice(end + 1),
        number: (name) => numberOf(args[name], name),
        io,
        paint: painter(io.out, io.env),
        client: createClient({ url, key: option("key"), namespace: option("namespace") }),
        url,
        json,
        answer: (value, text) => void io.out.write(json ? `${JSON.stringify(value, null, 2)}\n` : text()),
      });
    },
  };
}
