import { rpcMessage } from "../answers/mcp.ts";
import type { Documentation } from "./documentation.ts";

const result = {
  200: {
    description: "The result or an error; a stream ends with it",
    body: rpcMessage,
    orStream: true,
  },
  202: { description: "A notification: nothing is answered" },
} as const;
const card = { 200: { description: "The card" }, 304: { description: "The reader has it" } } as const;

export const MCP = {
  mcp: {
    summary: "An MCP server: the tools of all toolsets, and tools to find them, agents and services",
    answers: result,
  },
  mcpOfToolset: {
    summary: "An MCP server: the tools of one toolset, under their own names",
    answers: result,
  },
  serverCard: {
    summary: "The card of the MCP server of all toolsets: where it is, what it speaks, what a request needs",
    answers: card,
  },
  toolsetServerCard: {
    summary: "The card of the MCP server of one toolset",
    answers: card,
  },
} as const satisfies Documentation;
