import { parseArgs, type ArgsDef, type ParsedArgs } from "citty";
import { parseArgs as parseTokens } from "node:util";
import { createClient, type Registry } from "../client/index.ts";
import { type Io, type Paint, painter } from "./io.ts";

export const DEFAULT_URL = "http://localhost:8787";

/** What every command that asks a registry takes. */
const CONNECTION = {
  url: { type: "string", description: `The registry's URL (or ROLLCALL_URL; ${DEFAULT_URL})` },
  key: { type: "string", description: "An API key (or ROLLCALL_KEY)" },
  namespace: { type: "string", description: "Under open access: the namespace (or ROLLCALL_NAMESPACE)" },
} as const satisfies ArgsDef;
const OUTPUT = {
  json: { type: "boolean", description: "Answer as JSON, for machines" },
} as const satisfies ArgsDef;

/** One run of a command. */
export interface Session<T extends ArgsDef> {
  args: ParsedArgs<T>;
  /** Every value of an option that may be given more than once. */
  all: (name: keyof T & string) => string[];
  /** @throws {UsageError} if it is no number */
  number: (name: keyof T & string) => number | undefined;
  io: Io;
  paint: Paint;
  client: Registry;
  /** Where the registry is. */
  url: string;
  json: boolean;
  /** Answers: as JSON where that was asked for, else in words. */
  answer: (value: unknown, words: () => string) => void;
}

export interface Command {
  description: string;
  /** As they would be typed, without `rollcall`. */
  examples: readonly string[];
  args: ArgsDef;
  /** Resolves to the exit code; 0 unless told. */
  run: (rawArgs: readonly string[], io: Io) => Promise<number | void>;
}

/** What the command line was given makes no sense. */
export class UsageError extends Error {}

export function command<const T extends ArgsDef>(declared: {
  description: string;
  examples: readonly string[];
  args: T;
  run: (session: Session<T>) => Promise<number | void>;
}): Command {
  const args: ArgsDef = { ...declared.args, ...OUTPUT, ...CONNECTION };
  return {
    ...declared,
    args,
    run(rawArgs, io) {
      refuseUnknown(rawArgs, args);
      const parsed = parse(rawArgs, args);
      const text = (name: keyof typeof CONNECTION) =>
        (parsed[name] as string | undefined) ?? (io.env[`ROLLCALL_${name.toUpperCase()}`] || undefined);
      const url = text("url") ?? DEFAULT_URL;
      if (!URL.canParse(url)) throw new UsageError(`"${url}" is not a URL: it begins with https://`);
      const json = parsed["json"] === true;
      return declared.run({
        args: parsed as ParsedArgs<T>,
        all: (name) => valuesOf(rawArgs, name),
        number: (name) => numberOf(parsed[name], name),
        io,
        paint: painter(io.out, io.env),
        client: createClient({ url, key: text("key"), namespace: text("namespace") }),
        url,
        json,
        answer: (value, words) => void io.out.write(json ? `${JSON.stringify(value, null, 2)}\n` : words()),
      });
    },
  };
}

function parse(rawArgs: readonly string[], args: ArgsDef): ParsedArgs {
  try {
    return parseArgs([...rawArgs], args);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The parser takes whatever comes; a name mistyped must not be a wish ignored. */
function refuseUnknown(rawArgs: readonly string[], args: ArgsDef): void {
  const options = Object.entries(args).flatMap(([name, declared]) =>
    declared.type === "positional"
      ? []
      : [name, ...("alias" in declared ? [declared.alias ?? []].flat() : [])].map(
          (spelling) => [spelling, declared.type] as const,
        ),
  );
  const types = new Map(options);
  const known = Object.fromEntries(
    options.map(([name, type]) => [name, { type: type === "boolean" ? "boolean" : "string" } as const]),
  );
  const { tokens } = parseTokens({
    args: [...rawArgs],
    options: known,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const positionals = Object.values(args).filter(({ type }) => type === "positional").length;
  let given = 0;
  for (const token of tokens) {
    if (token.kind === "positional") {
      given += 1;
      if (given > positionals) throw new UsageError(`"${token.value}" is one word too many`);
    }
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const negated = name.startsWith("no-") && types.get(name.slice(3)) === "boolean";
    if (!types.has(name) && !negated) throw new UsageError(`there is no option ${rawName}`);
    if (types.get(name) !== "boolean" && !negated && (value ?? "") === "") {
      throw new UsageError(`${rawName} needs a value`);
    }
  }
}

function valuesOf(rawArgs: readonly string[], name: string): string[] {
  const options = { [name]: { type: "string", multiple: true } } as const;
  const { values } = parseTokens({ args: [...rawArgs], options, allowPositionals: true, strict: false });
  return (values[name] as string[] | undefined) ?? [];
}

function numberOf(value: unknown, name: string): number | undefined {
  if (typeof value !== "string") return undefined;
  const number = Number(value);
  if (Number.isNaN(number)) throw new UsageError(`--${name} needs a number, not "${value}"`);
  return number;
}
