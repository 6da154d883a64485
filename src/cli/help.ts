import { stripVTControlCharacters } from "node:util";
import { type CommandDef, renderUsage } from "citty";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT } from "./exit.ts";
import { type Io, painter } from "./io.ts";
import { version } from "./package.ts";

const DESCRIPTION = "The registry for agents, services and tools, from the command line";

export function overview({ out, env }: Io): string {
  const paint = painter(out, env);
  const listed = Object.entries(COMMANDS);
  const width = Math.max(...listed.map(([name]) => name.length));
  const { failed, usage, notFound, refused, unavailable, nobody } = EXIT;
  return [
    `${DESCRIPTION} (rollcall ${version()})`,
    "",
    `${paint("bold", "USAGE")} rollcall <command> [options]`,
    "",
    ...listed.map(([name, { description }]) => `  ${paint("cyan", name.padEnd(width))}  ${description}`),
    "",
    "`rollcall help <command>` shows its options, with examples.",
    `Exit codes: ${usage} usage, ${notFound} not found, ${refused} refused, ${unavailable} unavailable, ${nobody} nobody available, ${failed} any other failure.`,
    "",
  ].join("\n");
}

export async function help(name: string, found: Command, { out, env }: Io): Promise<string> {
  const definition: CommandDef = {
    meta: { name: `rollcall ${name}`, description: found.description },
    args: found.args,
  };
  const usage = await renderUsage(definition);
  return [
    (out.isTTY ? usage : stripVTControlCharacters(usage)).trimEnd(),
    "",
    painter(out, env)("bold", "EXAMPLES"),
    "",
    ...found.examples.map((example) => `  rollcall ${example}`),
    "",
  ].join("\n");
}
