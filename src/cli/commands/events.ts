import type { RegistryEvent } from "../../client/index.ts";
import { command } from "../command.ts";
import { visible } from "../table.ts";

export const events = command({
  description: "What happened, oldest first, and with --follow what happens",
  examples: ["events", "events --follow", "events --since 120 --json"],
  args: {
    since: { type: "string", description: "What came after this revision" },
    limit: { type: "string", description: "This many at most (100); not with --follow" },
    follow: { type: "boolean", alias: "f", description: "Stay, and tell what happens until Ctrl-C" },
  },
  async run({ args, number, client, io, json, paint }) {
    const tell = (event: RegistryEvent) => {
      const words = `${event.at}  ${paint("dim", String(event.revision).padStart(6))}  ${paint("cyan", event.type.padEnd(18))}  ${visible(event.id)}`;
      // One object a line: a list that goes on has no end to close.
      io.out.write(`${json ? JSON.stringify(event) : words}\n`);
    };
    const since = number("since");
    if (args.follow) {
      for await (const event of client.follow({ since, signal: io.ending })) tell(event);
      return;
    }
    const limit = number("limit");
    const page = await client.events({
      ...(since !== undefined && { since }),
      ...(limit !== undefined && { limit }),
    });
    for (const event of page.events) tell(event);
  },
});
