import type { Documentation } from "./documentation.ts";

const answers = { 200: { description: "The page" } } as const;

export const PAGES = {
  overviewPage: { summary: "Whether anything is wrong", answers },
  agentsPage: { summary: "All agents", answers },
  agentPage: { summary: "One agent", answers },
  servicesPage: { summary: "All services", answers },
  servicePage: { summary: "One service and its providers", answers },
  capabilitiesPage: { summary: "All capabilities", answers },
  capabilityPage: { summary: "One capability", answers },
  toolsetsPage: { summary: "All toolsets", answers },
  toolsetPage: { summary: "One toolset and its calls", answers },
  eventsPage: { summary: "What happened", answers },
  keysPage: { summary: "API keys", answers },
  searchPage: { summary: "What is found by id and name", answers },
} as const satisfies Documentation;
