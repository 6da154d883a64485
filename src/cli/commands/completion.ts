import { command } from "../command.ts";
import { SCRIPTS } from "../completion.ts";
import { UsageError } from "../usage-error.ts";

const SHELLS = Object.keys(SCRIPTS);

export const completion = command({
  description: `Print completion for ${SHELLS.join(", ")}: source <(rollcall completion bash)`,
  examples: ["completion bash", "completion zsh", "completion fish"],
  args: {
    shell: { type: "positional", required: true, description: SHELLS.join(", "), values: SHELLS },
  },
  async run({ args: { shell }, io }) {
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined) throw new UsageError(`completion is for ${SHELLS.join(", ")}: name one`);
    io.out.write(script);
  },
});
