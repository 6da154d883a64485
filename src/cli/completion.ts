import { UsageError } from "./arguments.ts";
import { COMMANDS } from "./commands.ts";

const SCRIPTS: Record<string, string> = {
  bash: `_rollcall() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(rollcall complete "\${COMP_WORDS[@]:1:COMP_CWORD}")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _rollcall rollcall
`,
  zsh: `#compdef rollcall
_rollcall() {
  local -a found
  found=(\${(f)"$(rollcall complete "\${words[@]:1:CURRENT-1}")"})
  compadd -a found || _files
}
compdef _rollcall rollcall
`,
  fish: `complete -c rollcall -a '(rollcall complete (commandline -opc)[2..] (commandline -ct))'
`,
};

/** The script that makes a shell complete `rollcall`. @throws {UsageError} for another shell */
export function completionScript(shell: string | undefined): string {
  const script = shell !== undefined && Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new UsageError(`completion is for ${Object.keys(SCRIPTS).join(", ")}: name one`);
  return script;
}

/**
 * The words that the shell offers for the last word.
 *
 * @param words  what has been typed after `rollcall`; the last word may be incomplete or empty
 */
export function candidates(words: readonly string[]): string[] {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  // A command's name is one word or two.
  const name = [2, 1]
    .map((count) => before.slice(0, count).join(" "))
    .find((known) => Object.hasOwn(COMMANDS, known));
  if (name !== undefined) {
    const { args } = COMMANDS[name]!;
    const options = Object.entries(args).filter(([, { type }]) => type !== "positional");
    return [...options.map(([option]) => `--${option}`), "--help"].filter(
      (option) => option.startsWith(last) && last.startsWith("-"),
    );
  }
  const names = [...Object.keys(COMMANDS), "completion"].map((known) => known.split(" "));
  const fitting = names.filter((known) => before.every((word, i) => known[i] === word));
  return [...new Set(fitting.flatMap((known) => known[before.length] ?? []))].filter((word) =>
    word.startsWith(last),
  );
}
