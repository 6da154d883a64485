import { command } from "../command.ts";
import { age, counted, few } from "../table.ts";

export const toolsets = command({
  description: "Toolsets, and whether they can be called now",
  examples: ["toolsets", "toolsets weather --healthy", "toolsets --tag demo --json"],
  args: {
    word: { type: "positional", required: false, description: "Part of the name, the description or a tag" },
    tag: { type: "string", description: "With this tag; repeat it for toolsets with all of several" },
    healthy: { type: "boolean", description: "Only those that can be called now" },
  },
  async run({ args, all, client, answer, table }) {
    const { word, healthy } = args;
    const tags = all("tag");
    const found =
      word === undefined
        ? await client.toolsets.list({ tag: tags, healthy: healthy === true })
        : await client.toolsets.search(word, { healthy: healthy === true });
    const shown = found.toolsets.filter((toolset) => tags.every((tag) => toolset.tags.includes(tag)));
    answer({ ...found, toolsets: shown, count: shown.length }, () => {
      if (shown.length === 0) return "no toolsets\n";
      const rows = shown.map(({ name, version, tool_count, health, tags: under, description }) => [
        name,
        version,
        String(tool_count),
        health.healthy ? "healthy" : "unhealthy",
        health.age_ms === null ? "never" : `${age(health.age_ms)} ago`,
        few(under),
        description,
      ]);
      const headings = ["NAME", "VERSION", "TOOLS", "HEALTH", "PONG", "TAGS", "DESCRIPTION"];
      return `${table(headings, rows)}${counted(shown.length, "toolset")}\n`;
    });
  },
});
