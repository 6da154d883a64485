import { isoTime } from "../../../core/time.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";

const health = endpoint({
  method: "GET",
  path: "/health",
  operationId: "health",
  summary: "The Worker is up; says nothing of the store",
  group: "operation",
  scope: null,
  answers: { 200: { description: "Up", body: shapes.health } },
  refusals: [],
  handle: async ({ now }) => ({
    status: 200,
    body: { status: "healthy" as const, service: "rollcall", timestamp: isoTime(now) },
  }),
});

const ready = endpoint({
  method: "GET",
  path: "/ready",
  operationId: "ready",
  summary: "The store answers, and takes writes",
  group: "operation",
  scope: "read",
  answers: { 200: { description: "Ready", body: shapes.ready } },
  refusals: [],
  async handle({ namespace: { store }, now }) {
    await store.ping(now);
    return { status: 200, body: { status: "ready" as const, backend: store.backend } };
  },
});

export const healthEndpoints = [health, ready];
