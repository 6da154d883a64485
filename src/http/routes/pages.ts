import * as z from "zod";
import { endpoint } from "../frame/endpoint.ts";
import { htmlHeaders } from "../frame/html-reply.ts";
import { shellPage } from "../frame/page.ts";

/** The pages of the dashboard: one shell, which src/dashboard fills in the browser from the API. */

const params = { name: z.string() };

/** It has nothing of the registry, so it needs no key. */
const shell = (operationId: string, summary: string) => ({
  method: "GET" as const,
  group: null,
  scope: null,
  key: "optional" as const,
  dialect: "page" as const,
  operationId,
  summary,
  answers: { 200: { description: "The page" } },
  refusals: [],
  handle: async () => ({ status: 200 as const, headers: htmlHeaders(), text: shellPage().toString() }),
});

export const pages = [
  endpoint({ ...shell("overviewPage", "Whether anything is wrong"), path: "/" }),
  endpoint({ ...shell("agentsPage", "All agents"), path: "/ui/agents" }),
  endpoint({ ...shell("agentPage", "One agent"), path: "/ui/agents/:name", params }),
  endpoint({ ...shell("servicesPage", "All services"), path: "/ui/services" }),
  endpoint({ ...shell("servicePage", "One service and its providers"), path: "/ui/services/:name", params }),
  endpoint({ ...shell("capabilitiesPage", "All capabilities"), path: "/ui/capabilities" }),
  endpoint({ ...shell("capabilityPage", "One capability"), path: "/ui/capabilities/:name", params }),
  endpoint({ ...shell("toolsetsPage", "All toolsets"), path: "/ui/toolsets" }),
  endpoint({ ...shell("toolsetPage", "One toolset and its calls"), path: "/ui/toolsets/:name", params }),
  endpoint({ ...shell("eventsPage", "What happened"), path: "/ui/events" }),
  endpoint({ ...shell("keysPage", "API keys"), path: "/ui/keys" }),
  endpoint({ ...shell("searchPage", "What is found by id and name"), path: "/ui/search" }),
];
