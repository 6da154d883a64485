/** A program of somebody who has nothing but the document: the types are generated from it, `dist/schema.d.ts`. */
import createClient from "openapi-fetch";
import type { components, paths } from "./dist/schema.d.ts";

const [url = "", key = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

const { data: registered } = await client.POST("/v1/agents", {
  body: {
    id: "typed/one",
    name: "One",
    type: "typed",
    capabilities: ["count", { name: "sort", tags: ["fast"] }],
  },
});
if (!registered) throw new Error("not registered");
const { agent_id: id, lease_token } = registered;

const { data: heard } = await client.POST("/v1/agents/{id}/heartbeat", {
  params: { path: { id }, header: { "Lease-Token": lease_token } },
  body: { status: "busy", current_load: 3 },
});
const { data: agent } = await client.GET("/v1/agents/{id}", { params: { path: { id } } });
const nameOf = (one: components["schemas"]["Agent"]): string => one.name;
const { data: found } = await client.GET("/v1/discover", {
  params: { query: { capability: ["count", "sort"], status: ["busy"], limit: 1 } },
});
const { error } = await client.GET("/v1/agents/{id}", { params: { path: { id: "nobody" } } });
// Reading an agent is refused for a few reasons, and this is none of them.
// @ts-expect-error a code of other operations
const isFull = error?.code === "queue_full";

/** Not run: the compiler refuses each. */
export const refused = [
  // @ts-expect-error no such route
  () => client.GET("/v1/nowhere"),
  // @ts-expect-error a field is missing
  () => client.POST("/v1/agents", { body: { name: "a" } }),
  // @ts-expect-error no such status
  () => client.POST("/v1/agents", { body: { name: "a", type: "b", status: "asleep" } }),
  // @ts-expect-error a parameter of the path is missing
  () => client.GET("/v1/agents/{id}"),
];

console.log(
  JSON.stringify({
    received: heard?.received,
    name: agent && nameOf(agent),
    load: agent?.current_load,
    found: found?.agents.map((one) => one.id),
    code: error?.code,
    isFull,
  }),
);
