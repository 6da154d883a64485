import type { ArgDef, ParsedArgs } from "citty";
import { createClient, type OutgoingRequest, type Registry } from "../client/index.ts";
import { numberOf, parseArguments, valuesOf, wholeOf } from "./arguments.ts";
import { type Io, type Paint, painter } from "./io.ts";
import { type Table, tableFor } from "./table.ts";
import { readUrl, withoutUser } from "./url.ts";

export const DEFAULT_URL = "http://localhost:8787";

/** What an argument may be, for completion: the words themselves, or how to ask the registry for them. */
export type Values = readonly string[] | ((asked: AskedValues) => Promise<readonly string[]>);
export interface AskedValues {
  client: Registry;
  /** How the word begins. */
  prefix: string;
  /** The positional arguments before it. */
  positionals: readonly string[];
}

export type Args = Record<string, ArgDef & { values?: Values }>;

/** The options of every command. */
const SHARED = {
  json: { type: "boolean", description: "Answer as JSON, for machines" },
  url: { type: "string", description: `The registry's URL (or ROLLCALL_URL; ${DEFAULT_URL})` },
  key: { type: "string", description: "An API key (or ROLLCALL_KEY)" },
  namespace: { type: "string", description: "Under open access: the namespace (or ROLLCALL_NAMESPACE)" },
  reason: { type: "string", description: "Why: the events of what is changed repeat it" },
} as const satisfies Args;
type Shared = typeof SHARED;

/** One run of a command. */
export interface Session<T extends Args> {
  args: ParsedArgs<T & Shared>;
  /** Every value of an option that may be repeated. */
  all: (name: keyof T & string) => string[];
  /** What follows `--`; empty unless the command takes one. */
  command: readonly string[];
  /** @throws {UsageError} if it is given and not a number */
  number: (name: keyof T & string) => number | undefined;
  /** @throws {UsageError} if it is given and not a whole number, `min` or more */
  whole: (name: keyof T & string, min: number) => number | undefined;
  io: Io;
  /** Styles text for standard output. */
  paint: Paint;
  /** Makes a table for standard output. */
  table: Table;
  client: Registry;
  /** The registry's, to be shown. */
  url: string;
  /** Whether the answer is to be JSON. */
  json: boolean;
  /** Writes the answer: the value as JSON, or else the text. */
  answer: (value: unknown, text: () => string) => void;
}

/** Which registry a command line means. @throws {UsageError} */
export function clientOptions(rawArgs: readonly string[], env: Io["env"]) {
  const option = (name: "url" | "key" | "namespace") =>
    valuesOf(rawArgs, name).at(-1) ?? (env[`ROLLCALL_${name.toUpperCase()}`] || undefined);
  const reason = valuesOf(rawArgs, "reason").at(-1);
  return {
    url: readUrl(option("url") ?? DEFAULT_URL),
    key: option("key"),
    namespace: option("namespace"),
    ...(reason !== undefined && {
      onRequest: ({ headers }: OutgoingRequest) => void (headers["X-Rollcall-Reason"] = reason),
    }),
    // Whoever types a command in an outage is told of it at once.
    retries: 0,
  };
}

export interface Command {
  description: string;
  /** As they are typed after `rollcall`. */
  examples: readonly string[];
  args: Args;
  /** Resolves to the exit code; undefined means 0. */
  run: (rawArgs: readonly string[], io: Io) => Promise<number | void>;
}

export function command<const T extends Args>(declared: {
  description: string;
  examples: readonly string[];
  args: T;
  /** What follows `--` is a command to run, and none of this one's arguments. */
  takesCommand?: true;
  run: (session: Session<T>) => Promise<number | void>;
}): Command {
  const declaredArgs: Args = { ...declared.args, ...SHARED };
  return {
    ...declared,
    args: declaredArgs,
    run(given, io) {
      const end = declared.takesCommand ? given.indexOf("--") : -1;
      const rawArgs = end < 0 ? given : given.slice(0, end);
      const args = parseArguments<T & Shared>(rawArgs, declaredArgs);
      const { json } = parseArguments<Shared>(rawArgs, declaredArgs);
      const options = clientOptions(rawArgs, io.env);
      const paint = painter(io.out, io.env);
      return declared.run({
        args,
        all: (name) => valuesOf(rawArgs, name),
        command: end < 0 ? [] : given.slice(end + 1),
        number: (name) => numberOf(args[name], name),
        whole: (name, min) => wholeOf(args[name], name, min),
        io,
        paint,
        table: tableFor(paint, io.out.columns),
        client: createClient(options),
        url: withoutUser(options.url),
        json: json === true,
        answer: (value, text) => void io.out.write(json ? `${JSON.stringify(value, null, 2)}\n` : text()),
      });
    },
  };
}
