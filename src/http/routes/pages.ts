import * as z from "zod";
import { endpoint } from "../frame/endpoint.ts";
import { htmlHeaders } from "../frame/html-reply.ts";
import { shellPage } from "../frame/page.ts";

/** The pages of the dashboard: one shell, which src/dashboard fills in the browser from the API. */

const params = { name: z.string() };

/** It has nothing of the registry, so it needs no key. */
const shell = {
  method: "GET" as const,
  group: null,
  scope: null,
  key: "optional",
  dialect: "page",
  refusals: [],
  handle: async () => ({ status: 200 as const, headers: htmlHeaders(), text: shellPage().toString() }),
} as const;

export const pages = [
  endpoint({ ...shell, operationId: "overviewPage", path: "/" }),
  endpoint({ ...shell, operationId: "agentsPage", path: "/ui/agents" }),
  endpoint({ ...shell, operationId: "agentPage", path: "/ui/agents/:name", params }),
  endpoint({ ...shell, operationId: "servicesPage", path: "/ui/services" }),
  endpoint({ ...shell, operationId: "servicePage", path: "/ui/services/:name", params }),
  endpoint({ ...shell, operationId: "capabilitiesPage", path: "/ui/capabilities" }),
  endpoint({ ...shell, operationId: "capabilityPage", path: "/ui/capabilities/:name", params }),
  endpoint({ ...shell, operationId: "toolsetsPage", path: "/ui/toolsets" }),
  endpoint({ ...shell, operationId: "toolsetPage", path: "/ui/toolsets/:name", params }),
  endpoint({ ...shell, operationId: "eventsPage", path: "/ui/events" }),
  endpoint({ ...shell, operationId: "keysPage", path: "/ui/keys" }),
  endpoint({ ...shell, operationId: "searchPage", path: "/ui/search" }),
];
