import type { RegistryEvent } from "../../client/index.ts";
import { command } from "../command.ts";
import { visible } from "../table.ts";

export const events = command({
  description: "The events of the registry, oldest first",
  examples: ["events", "events --follow", "events --json --since MTItMzQ1"],
  args: {
    since: { type: "string", description: "Events after this one: its cursor, as --json shows it" },
    limit: { type: "string", description: "At most this many (100); not with --follow" },
    follow: { type: "boolean", alias: "f", description: "Go on with new events until Ctrl-C" },
  },
  async run({ args, number, client, io, json, paint }) {
    const show = (event: RegistryEvent) => {
      const words = `${event.at}  ${paint("dim", String(event.revision).padStart(6))}  ${paint("cyan", event.type.padEnd(18))}  ${visible(event.id)}`;
      // One JSON object per line, because the list may never end.
      io.out.write(`${json ? JSON.stringify(event) : words}\n`);
    };
    const { since } = args;
    if (args.follow) {
      for await (const event of client.follow({ since, signal: io.ending })) show(event);
      return;
    }
    const limit = number("limit");
    const page = await client.events({
      ...(since !== undefined && { since }),
      ...(limit !== undefined && { limit }),
    });
    for (const event of page.events) show(event);
  },
});
