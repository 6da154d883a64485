import { COMMANDS } from "./commands.ts";
import { UsageError } from "./command.ts";

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

/** What a shell is to run to complete `rollcall`. */
export function completionScript(shell: string | undefined): string {
  const script = shell !== undefined && Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new UsageError(`completion is for ${Object.keys(SCRIPTS).join(", ")}: name one`);
  return script;
}

/** What could stand in place of the last word, which may be empty, after those before it. */
export function candidates(words: readonly string[]): string[] {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
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
