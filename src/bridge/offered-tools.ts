import type { Tool } from "@modelcontextprotocol/client";
import type { ServedTool } from "../client/index.ts";

/** Which of a server's tools are offered, by the server's names, and under which names. */
export interface Choice {
  /** Empty: all. */
  allow: readonly string[];
  deny: readonly string[];
  /** Put before each name. */
  prefix: string;
}

/** Whether a call of the tool can be answered at once; one that runs as a task cannot. */
const isCallable = ({ execution }: Tool): boolean => execution?.taskSupport !== "required";

/** @param handlerOf  of a tool of the server's */
export const offeredTools = (
  tools: readonly Tool[],
  { allow, deny, prefix }: Choice,
  handlerOf: (tool: Tool) => ServedTool["handle"],
): Record<string, ServedTool> =>
  Object.fromEntries(
    tools
      .filter((tool) => isCallable(tool) && !deny.includes(tool.name))
      .filter(({ name }) => allow.length === 0 || allow.includes(name))
      .map((tool) => {
        const { name, title, description, inputSchema, outputSchema, annotations, icons, _meta } = tool;
        const served = {
          title,
          description,
          inputSchema,
          outputSchema,
          annotations: annotations && { ...annotations },
          icons: icons?.map((icon) => ({ ...icon })),
          _meta,
          handle: handlerOf(tool),
        };
        return [`${prefix}${name}`, served];
      }),
  );
