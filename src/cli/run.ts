import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { candidates } from "./completion.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { errorFields, explain } from "./explain.ts";
import { help, overview } from "./help.ts";
import { type Io, painter } from "./io.ts";
import { version } from "./package.ts";
import { UsageError } from "./usage-error.ts";

/** Runs one command line. Resolves to the exit code. @see EXIT */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [first, ...rest] = argv;
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const asksHelp = own.includes("--help") || own.includes("-h");
  try {
    if (
      first === undefined ||
      first === "--help" ||
      first === "-h" ||
      (first === "help" && rest.length === 0)
    ) {
      io.out.write(overview(io));
      return first === undefined ? EXIT.usage : EXIT.done;
    }
    if (first === "--version" || first === "-v") {
      io.out.write(`${version()}\n`);
      return EXIT.done;
    }
    if (first === "complete") {
      io.out.write((await candidates(COMMANDS, rest, io)).map((word) => `${word}\n`).join(""));
      return EXIT.done;
    }
    const { name, found, rawArgs } = find(first === "help" ? rest : argv);
    if (first === "help" || asksHelp) {
      io.out.write(await help(name, found, io));
      return EXIT.done;
    }
    return (await found.run(rawArgs, io)) ?? EXIT.done;
  } catch (error) {
    if (io.ending.aborted) return EXIT.done;
    const text = own.includes("--json")
      ? JSON.stringify(errorFields(error))
      : `${painter(io.err, io.env)("red", "rollcall:")} ${explain(error)}`;
    io.err.write(`${text}\n`);
    return exitCodeOf(error);
  }
}

/** A command's name is one word or two. */
function find(argv: readonly string[]): { name: string; found: Command; rawArgs: readonly string[] } {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(" ");
    const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (found) return { name, found, rawArgs: argv.slice(words) };
  }
  const [first] = argv;
  const longer = Object.keys(COMMANDS).filter((name) => name.startsWith(`${first} `));
  throw new UsageError(
    longer.length > 0
      ? `"${first}" is the beginning of ${longer.map((name) => `\`rollcall ${name}\``).join(", ")}`
      : `there is no command "${first}": \`rollcall help\` lists them`,
  );
}
