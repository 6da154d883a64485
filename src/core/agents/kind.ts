import type { KindRules } from "../kind.ts";
import { Problem } from "../problem.ts";

export const agentNotFound = (id: string): Problem =>
  new Problem("agent_not_found", `No live agent has the id "${id}".`);

/** Finds what the imports of a source have registered. */
export const sourceTerm = (source: string): string => `source:${source}`;

const TERMS = /^(?:agent$|service$|health_url$|(?:type|capability|tag|service|source):)/;

export const AGENT: KindRules<"agent"> = {
  terms: ({ type, capabilities, tags, services, health_url, source }) => [
    ...new Set([
      "agent",
      `type:${type}`,
      ...capabilities.map(({ name }) => `capability:${name}`),
      ...tags.map((tag) => `tag:${tag}`),
      ...(services.length > 0 ? ["service"] : []),
      // The health checks visit the entries under this term.
      ...(services.length > 0 && health_url !== undefined ? ["health_url"] : []),
      ...services.map(({ service }) => `service:${service}`),
      ...(source === undefined ? [] : [sourceTerm(source)]),
    ]),
  ],

  hasTerm({ type, capabilities, tags, services, health_url, source }, term) {
    const colon = term.indexOf(":");
    const name = term.slice(colon + 1);
    switch (colon < 0 ? term : term.slice(0, colon + 1)) {
      case "type:":
        return type === name;
      case "capability:":
        return capabilities.some((capability) => capability.name === name);
      case "tag:":
        return tags.includes(name);
      case "service:":
        return services.some(({ service }) => service === name);
      case "source:":
        return source === name;
      case "service":
        return services.length > 0;
      case "health_url":
        return services.length > 0 && health_url !== undefined;
      default:
        return false;
    }
  },

  ownsTerm: (term) => TERMS.test(term),
  isSound: ({ capabilities, tags, services }) =>
    Array.isArray(capabilities) && Array.isArray(tags) && Array.isArray(services),
  isLease: ({ lastSeenAt }) => typeof lastSeenAt === "number",
  notFound: agentNotFound,
};
