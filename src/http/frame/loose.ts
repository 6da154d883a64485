import * as z from "zod";
import type { Asker, Scope } from "../../core/authority.ts";
import type { Region } from "../../core/entry.ts";
import { entryId, label } from "../../core/names.ts";
import type { ProblemCode } from "../../core/problem.ts";
import type { LeaseToken } from "../../registry/lease-token.ts";
import type { Namespace, Prober as ProberOptions } from "../../registry/namespace.ts";
import type { Answer, AnswerSpecs, Ask, Endpoint, Group, Method } from "./endpoint.ts";

/** On its way out: endpoints that have not moved to `endpoint` yet. */
export interface Call<Query, Body> {
  id: string;
  type: string;
  service: string;
  name: string;
  tool: string;
  call: string;
  query: Query;
  body: Body;
  readBody: () => Promise<Body>;
  headers: Headers;
  asker: Asker;
  namespace: Namespace;
  store: Namespace["store"];
  pool: Namespace["pool"];
  gateway: Namespace["gateway"];
  prober: () => ProberOptions & Pick<Namespace, "store" | "pool">;
  pause: Namespace["pause"];
  config: Pick<Namespace, "lease" | "ping">;
  token: LeaseToken | undefined;
  region: Region | null;
  now: number;
  clock: () => number;
}

interface Loose<Query, Body> {
  method: Method;
  path: string;
  operationId: string;
  summary: string;
  scope: Scope | null;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  bodyShape?: z.ZodType;
  readsBodyLate?: boolean;
  bodyOptional?: boolean;
  takesLeaseToken?: boolean;
  answers: AnswerSpecs;
  refusals: readonly ProblemCode[];
  legacy?: boolean;
  handle: (call: Call<Query, Body>) => Promise<Answer>;
}

const GROUP_PATHS: [Group, string[]][] = [
  ["agents", ["/v1/agents", "/v1/heartbeats"]],
  ["discovery", ["/v1/discover", "/v1/capabilities", "/v1/stats"]],
  ["services", ["/v1/services", "/v1/outcomes", "/v1/runtime"]],
  ["toolsets", ["/v1/toolsets"]],
  ["operation", ["/v1/events", "/v1/sweep", "/health", "/ready", "/openapi.json"]],
  ["compatibility", ["/agents"]],
];
const PARAMS: Record<string, z.ZodType<string>> = { id: entryId, service: label(256), name: entryId };

export function endpoint<Query, Body>({ legacy, handle, ...declared }: Loose<Query, Body>): Endpoint {
  const { path } = declared;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const [group] = GROUP_PATHS.find(([, starts]) => starts.some((start) => path.startsWith(start)))!;
  const made: Endpoint<Record<string, string>, Query, Body> = {
    ...declared,
    params: Object.fromEntries(names.map((name) => [name, PARAMS[name] ?? z.string()])),
    group,
    ...(legacy && { dialect: "bare" as const }),
    handle: (ask: Ask<Record<string, string>, Query, Body>) => {
      const { params, namespace } = ask;
      const { store, pool, gateway, prober, pause, lease, ping, clock } = namespace;
      return handle({
        id: params["id"] ?? "",
        type: params["type"] ?? "",
        service: params["service"] ?? "",
        name: params["name"] ?? "",
        tool: params["tool"] ?? "",
        call: params["call"] ?? "",
        query: ask.query,
        body: ask.body,
        readBody: () => ask.readBody(),
        headers: ask.headers,
        asker: ask.asker,
        namespace,
        store,
        pool,
        gateway,
        prober: () => ({ store, pool, ...prober }),
        pause,
        config: { lease, ping },
        token: ask.token,
        region: ask.region,
        now: ask.now,
        clock,
      });
    },
  };
  return made;
}
