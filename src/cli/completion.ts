import { createClient } from "../client/index.ts";
import { standingOf } from "./arguments.ts";
import { type Args, clientOptions, type Command, type Values } from "./command.ts";
import type { Io } from "./io.ts";

/**
 * Why no library: those there are make bash expand what the program offers (`compgen -W`), and the offers are others' text;
 * they take no answer that has to be waited for; and their bash needs a package that macOS and small images lack.
 */
export const SCRIPTS: Record<string, string> = {
  bash: `_rollcall() {
  local line=\${COMP_LINE:0:COMP_POINT} words offer last head= breaks=\${COMP_WORDBREAKS//[^:=@]/}
  read -ra words <<< "\${line#*"\${COMP_WORDS[0]}"}"
  [[ $line == *[[:space:]] ]] && words+=("")
  last=\${words[\${#words[@]}-1]}
  # Bash replaces only what follows one of these.
  [[ -n $breaks ]] && head=\${last%"\${last##*[$breaks]}"}
  COMPREPLY=()
  while IFS= read -r offer; do COMPREPLY+=("\${offer#"$head"}"); done < <(rollcall complete "\${words[@]}" 2>/dev/null)
}
complete -o default -F _rollcall rollcall
`,
  zsh: `#compdef rollcall
_rollcall() {
  local -a found
  found=(\${(f)"$(rollcall complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found || _files
}
compdef _rollcall rollcall
`,
  fish: `complete -c rollcall -l file -rF
complete -c rollcall -l persist-to -rF
complete -c rollcall -f -a '(rollcall complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

/** How long the registry may take: whoever pressed Tab is waiting. */
const TIMEOUT_MS = 2000;

/** Offers come from others: what a shell would do more with than take it as a word is not offered. */
const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{N}_@%+=:,./-]*$/u;

/**
 * The words that the shell offers for the last word; none where the registry does not answer.
 *
 * @param words  what has been typed after `rollcall`; the last word may be incomplete or empty
 */
export async function candidates(
  commands: Readonly<Record<string, Command>>,
  words: readonly string[],
  io: Io,
): Promise<string[]> {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  if (before[0] === "help") return commandWords(commands, before.slice(1), last);
  // A command's name is one word or two.
  const name = [2, 1]
    .map((count) => before.slice(0, count).join(" "))
    .find((known) => Object.hasOwn(commands, known));
  const next = commandWords(commands, before, last);
  if (name === undefined) return next;
  const { args } = commands[name]!;
  const typed = before.slice(name.split(" ").length);
  if (typed.includes("--")) return [];
  const { positionals, option } = standingOf(typed, args);
  if (last.startsWith("-") && option === undefined && !last.includes("=")) return optionsOf(args, last);
  const given = option === undefined ? /^--([^=]+)=/.exec(last) : null;
  const arg = option ?? given?.[1] ?? positionalAt(args, positionals.length);
  const head = given?.[0] ?? "";
  const prefix = last.slice(head.length);
  const values = arg === undefined ? undefined : args[arg]?.values;
  const found = values ? await valuesOf(values, { prefix, positionals, typed, io }) : [];
  const plain = found.filter((value) => value.startsWith(prefix) && PLAIN.test(value));
  return [...new Set([...next, ...plain.map((value) => head + value)])];
}

/** The next words of the commands whose names begin so. */
function commandWords(commands: object, before: readonly string[], last: string): string[] {
  const names = [...Object.keys(commands), "help"].map((name) => name.split(" "));
  const fitting = names.filter((name) => before.every((word, i) => name[i] === word));
  const next = fitting.flatMap((name) => name[before.length] ?? []);
  return [...new Set(next)].filter((word) => word.startsWith(last));
}

const optionsOf = (args: Args, last: string): string[] =>
  [
    ...Object.entries(args).flatMap(([name, { type }]) => (type === "positional" ? [] : [`--${name}`])),
    "--help",
  ].filter((option) => option.startsWith(last));

const positionalAt = (args: Args, index: number): string | undefined =>
  Object.entries(args).filter(([, { type }]) => type === "positional")[index]?.[0];

async function valuesOf(
  values: Values,
  { prefix, positionals, typed, io }: { prefix: string; positionals: string[]; typed: string[]; io: Io },
): Promise<readonly string[]> {
  if (typeof values !== "function") return values;
  try {
    const client = createClient({ ...clientOptions(typed, io.env), timeoutMs: TIMEOUT_MS });
    return await values({ client, prefix, positionals });
  } catch {
    // A message would spoil the line that is being typed.
    return [];
  }
}
