import * as shapes from "../answers/index.ts";
import type { Documentation } from "./documentation.ts";

export const SERVICES = {
  listServiceNames: {
    summary: "Which services are offered, and by how many agents, lapsed ones included",
    answers: {
      200: { description: "A page, by name; next_cursor is null at the end", body: shapes.serviceNames },
    },
  },
  checkServices: {
    summary: "Probe the health_url of up to 200 providers now, as the sweep does",
    answers: {
      200: {
        description: "{handler}.{service}.{provider}: healthy or not, after the check",
        body: shapes.checkResults,
      },
    },
  },
  reportOutcomes: {
    summary:
      "Say how calls went, one or up to 500; with resolve's selection_id, or from the owner, it moves a breaker",
    answers: { 200: { description: "Taken; a batch has one result per item", body: shapes.outcomeTaken } },
  },
  servicesReady: {
    summary: "Wait until each service has a provider that resolve can choose",
    answers: { 200: { description: "All are ready", body: shapes.readyServices } },
  },
  resolveService: {
    summary: "Which provider to use, now, and why; with limit also those to try after it",
    answers: { 200: { description: "The provider to use", body: shapes.resolved, usedOnce: true } },
  },
  listSelections: {
    summary:
      "The last selections of a service, newest first, with their reasons; an id is the first part of resolve's",
    answers: { 200: { description: "Up to 100", body: shapes.selectionList } },
  },
  listServices: {
    summary:
      "Providers by handler and service, with their breakers; a handler filter leaves the global ones in",
    answers: { 200: { description: "Providers in selection order", body: shapes.runtimeServices } },
  },
  servicesHealth: {
    summary: "Healthy means that resolve can choose it now, and its breaker is closed; what is not says why",
    answers: { 200: { description: "Overall and one by one", body: shapes.runtimeHealth } },
  },
  selectionLogic: {
    summary: "How a provider is chosen, in general; explain=true on resolve says it of one choice",
    answers: { 200: { description: "The rules", body: shapes.selectionLogic } },
  },
  setServicePriority: {
    summary: "Change a provider's priority, group or strategy for as long as its registration lasts",
    answers: { 200: { description: "Changed, with what it was", body: shapes.priorityChanged } },
  },
  resetCircuitBreakers: {
    summary: "Close the breakers of all services, or of one",
    answers: { 200: { description: "Closed", body: shapes.breakersReset } },
  },
} as const satisfies Documentation;
