import { parseArgs, type ArgsDef, type ParsedArgs } from "citty";
import { parseArgs as parseTokens } from "node:util";
import { messageOf } from "./explain.ts";
import { UsageError } from "./usage-error.ts";

/** @throws {UsageError} for an unknown option, a missing value, or a positional argument too few or too many */
export function parseArguments<T extends ArgsDef>(
  rawArgs: readonly string[],
  declared: ArgsDef,
): ParsedArgs<T> {
  refuseUnknown(rawArgs, declared);
  try {
    return parseArgs<T>([...rawArgs], declared);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/** The options of a command, by each of their spellings. */
function spellings(declared: ArgsDef): Map<string, { name: string; isBoolean: boolean }> {
  const options = Object.entries(declared).filter(([, { type }]) => type !== "positional");
  return new Map(
    options.flatMap(([name, arg]) =>
      [name, ...("alias" in arg ? [arg.alias ?? []].flat() : [])].map(
        (spelling) => [spelling, { name, isBoolean: arg.type === "boolean" }] as const,
      ),
    ),
  );
}

type Options = ReturnType<typeof spellings>;

const tokensOf = (rawArgs: readonly string[], options: Options) =>
  parseTokens({
    args: [...rawArgs],
    options: Object.fromEntries(
      [...options].map(([spelling, { isBoolean }]) => [
        spelling,
        { type: isBoolean ? ("boolean" as const) : ("string" as const) },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  }).tokens;

/** The parser ignores what it does not know, so that a mistyped option would have no effect. */
function refuseUnknown(rawArgs: readonly string[], declared: ArgsDef): void {
  const options = spellings(declared);
  const positionals = Object.values(declared).filter(({ type }) => type === "positional").length;
  let given = 0;
  for (const token of tokensOf(rawArgs, options)) {
    if (token.kind === "positional") {
      given += 1;
      if (given > positionals) throw new UsageError(`"${token.value}" is one word too many`);
    }
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = options.get(name);
    const isNegated = name.startsWith("no-") && options.get(name.slice(3))?.isBoolean === true;
    if (!option && !isNegated) throw new UsageError(`there is no option ${rawName}`);
    if (option?.isBoolean === false && (value ?? "") === "") throw new UsageError(`${rawName} needs a value`);
  }
}

/** Where a command line stands: which positional arguments it has, and which option the next word is the value of. */
export function standingOf(
  rawArgs: readonly string[],
  declared: ArgsDef,
): { positionals: string[]; option: string | undefined } {
  const options = spellings(declared);
  const tokens = tokensOf(rawArgs, options);
  const last = tokens.at(-1);
  const pending = last?.kind === "option" && last.value === undefined ? options.get(last.name) : undefined;
  return {
    positionals: tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : [])),
    option: pending?.isBoolean === false ? pending.name : undefined,
  };
}

/** Every value of an option that may be repeated; the parser keeps only the last. */
export const valuesOf = (rawArgs: readonly string[], name: string): string[] =>
  tokensOf(rawArgs, new Map([[name, { name, isBoolean: false }]])).flatMap((token) =>
    token.kind === "option" && token.name === name && token.value !== undefined ? [token.value] : [],
  );

/** @throws {UsageError} if it is given and not a whole number, `min` or more */
export function wholeOf(value: unknown, name: string, min: number): number | undefined {
  const number = numberOf(value, name);
  if (number !== undefined && !(Number.isInteger(number) && number >= min))
    throw new UsageError(`--${name} is a whole number, ${min} or more`);
  return number;
}

/** @throws {UsageError} if it is given and not a number */
export function numberOf(value: unknown, name: string): number | undefined {
  if (typeof value !== "string") return undefined;
  const number = Number(value);
  if (Number.isNaN(number)) throw new UsageError(`--${name} needs a number, not "${value}"`);
  return number;
}
