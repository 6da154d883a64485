import { isoTime } from "../../../core/time.ts";
import { endpoint } from "../../frame/endpoint.ts";

const health = endpoint({
  method: "GET",
  path: "/health",
  operationId: "health",
  group: "operation",
  scope: null,
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
  group: "operation",
  scope: "read",
  refusals: [],
  async handle({ namespace: { store }, now }) {
    await store.ping(now);
    return { status: 200, body: { status: "ready" as const, backend: store.backend } };
  },
});

export const healthEndpoints = [health, ready];
