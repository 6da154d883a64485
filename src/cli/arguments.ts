import { parseArgs, type ArgsDef, type ParsedArgs } from "citty";
import { parseArgs as parseTokens } from "node:util";
import { messageOf } from "./explain.ts";

/** The command line makes no sense: exit code 2. */
export class UsageError extends Error {}

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

/** The parser ignores what it does not know, so that a mistyped option would have no effect. */
function refuseUnknown(rawArgs: readonly string[], declared: ArgsDef): void {
  const options = Object.entries(declared).flatMap(([name, arg]) =>
    arg.type === "positional"
      ? []
      : [name, ...("alias" in arg ? [arg.alias ?? []].flat() : [])].map(
          (spelling) => [spelling, arg.type] as const,
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
  const positionals = Object.values(declared).filter(({ type }) => type === "positional").length;
  let given = 0;
  for (const token of tokens) {
    if (token.kind === "positional") {
      given += 1;
      if (given > positionals) throw new UsageError(`"${token.value}" is one word too many`);
    }
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const isNegated = name.startsWith("no-") && types.get(name.slice(3)) === "boolean";
    if (!types.has(name) && !isNegated) throw new UsageError(`there is no option ${rawName}`);
    if (types.get(name) !== "boolean" && !isNegated && (value ?? "") === "") {
      throw new UsageError(`${rawName} needs a value`);
    }
  }
}

/** Every value of an option that may be repeated; the parser keeps only the last. */
export function valuesOf(rawArgs: readonly string[], name: string): string[] {
  const { tokens } = parseTokens({
    args: [...rawArgs],
    options: { [name]: { type: "string" } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  return tokens.flatMap((token) =>
    token.kind === "option" && token.name === name && token.value !== undefined ? [token.value] : [],
  );
}

/** @throws {UsageError} if it is given and not a number */
export function numberOf(value: unknown, name: string): number | undefined {
  if (typeof value !== "string") return undefined;
  const number = Number(value);
  if (Number.isNaN(number)) throw new UsageError(`--${name} needs a number, not "${value}"`);
  return number;
}
