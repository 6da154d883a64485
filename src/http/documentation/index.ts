import { AGENTS } from "./agents.ts";
import { LEGACY } from "./legacy.ts";
import { MCP } from "./mcp.ts";
import { OPERATION } from "./operation.ts";
import { PAGES } from "./pages.ts";
import { SERVICES } from "./services.ts";
import { TOOLSETS } from "./toolsets.ts";
import { WEBHOOKS } from "./webhooks.ts";

/**
 * What is said of each operation, and what it answers: by it the compiler checks every handler (frame/endpoint.ts), and the OpenAPI
 * document shows it. It is no part of the Worker, which has only the types of it.
 */
export const DOCUMENTATION = {
  ...AGENTS,
  ...SERVICES,
  ...TOOLSETS,
  ...MCP,
  ...OPERATION,
  ...WEBHOOKS,
  ...LEGACY,
  ...PAGES,
};
