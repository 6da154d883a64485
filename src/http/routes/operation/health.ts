import { isoTime } from "../../../core/time.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";

const health = endpoint({
  method: "GET",
  path: "/health",
  operationId: "health",
  summary: "The Worker is up; says nothing of the store",
  scope: null,
  answers: { 200: { description: "Up", body: shapes.health } },
  refusals: [],
  handle: async ({ now }) => ({
    status: 200,
    body: { status: "healthy", service: "rollcall", timestamp: isoTime(now) },
  }),
});

const ready = endpoint({
  method: "GET",
  path: "/ready",
  operationId: "ready",
  summary: "The store answers",
  scope: "read",
  answers: { 200: { description: "Ready", body: shapes.ready } },
  refusals: [],
  async handle({ store }) {
    await store.ping();
    return { status: 200, body: { status: "ready", backend: store.backend } };
  },
});

export const healthEndpoints = [health, ready];
