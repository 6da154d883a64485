import { stripVTControlCharacters } from "node:util";
import { type CommandDef, renderUsage } from "citty";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { candidates, completionScript } from "./completion.ts";
import { explain } from "./explain.ts";
import { type Io, type Paint, painter } from "./io.ts";
import { version } from "./package.ts";

const DESCRIPTION = "The registry for agents, services and tools, from the command line";

/** Runs one command line. Resolves to the exit code: 0; 1 if something failed; 2 if the command line makes no sense. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const paint = painter(io.out, io.env);
  const [first, ...rest] = argv;
  try {
    if (first === undefined || first === "help" || first === "--help" || first === "-h") {
      io.out.write(overview(paint));
      return first === undefined ? 2 : 0;
    }
    if (first === "--version" || first === "-v") {
      io.out.write(`${version()}\n`);
      return 0;
    }
    if (first === "completion") {
      io.out.write(completionScript(rest[0]));
      return 0;
    }
    if (first === "complete") {
      io.out.write(`${candidates(rest).join("\n")}\n`);
      return 0;
    }
    const { name, found, rawArgs } = find(argv);
    const own = rawArgs.includes("--") ? rawArgs.slice(0, rawArgs.indexOf("--")) : rawArgs;
    if (own.includes("--help") || own.includes("-h")) {
      io.out.write(await help(name, found, io, paint));
      return 0;
    }
    return (await found.run(rawArgs, io)) ?? 0;
  } catch (error) {
    if (io.ending.aborted) return 0;
    io.err.write(`${painter(io.err, io.env)("red", "rollcall:")} ${explain(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** A command's name is one word or two. */
function find(argv: readonly string[]): { name: string; found: Command; rawArgs: readonly string[] } {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(" ");
    const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (found) return { name, found, rawArgs: argv.slice(words) };
  }
  throw new UsageError(`there is no command "${argv[0]}": \`rollcall --help\` lists them`);
}

function overview(paint: Paint): string {
  const listed = [
    ...Object.entries(COMMANDS).map(([name, { description }]) => [name, description] as const),
    ["completion", "Print completion for bash, zsh or fish: source <(rollcall completion bash)"] as const,
  ];
  const width = Math.max(...listed.map(([name]) => name.length));
  const lines = listed.map(([name, description]) => `  ${paint("cyan", name.padEnd(width))}  ${description}`);
  return [
    `${DESCRIPTION} (rollcall ${version()})`,
    "",
    `${paint("bold", "USAGE")} rollcall <command> [options]`,
    "",
    ...lines,
    "",
    "`rollcall <command> --help` shows its options, with examples.",
    "",
  ].join("\n");
}

async function help(name: string, found: Command, io: Io, paint: Paint): Promise<string> {
  const definition: CommandDef = {
    meta: { name: `rollcall ${name}`, description: found.description },
    args: found.args,
  };
  const usage = await renderUsage(definition);
  const examples = found.examples.map((example) => `  rollcall ${example}`);
  return [
    (io.out.isTTY ? usage : stripVTControlCharacters(usage)).trimEnd(),
    "",
    paint("bold", "EXAMPLES"),
    "",
    ...examples,
    "",
  ].join("\n");
}
