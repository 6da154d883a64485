import type { OpenApi, Operation } from "./openapi.ts";
import { operationsOf } from "./openapi.ts";

/** An order in which the examples of the OpenAPI document make sense, one after the other. */
export const STORY = `
  health ready importAgents
  registerAgent listAgents getAgent agentEvents heartbeat heartbeats drainAgent cancelDrain
  discover watchAgents listCapabilities stats metrics listEvents marker sweep listAlerts statsHistory exportAll restore
  whoAmI createKey listKeys rotateKey revokeKey
  subscribe listSubscriptions getSubscription rotateSubscription testSubscription unsubscribe
  resolveService reportOutcomes listSelections servicesReady checkServices
  listServiceNames listServices servicesHealth selectionLogic setServicePriority resetCircuitBreakers
  legacyList legacyListByType legacyGet legacyHeartbeat unregisterAgents openPresence unregisterAgent
  registerAgent legacyUnregister legacyRegister
  registerToolset listToolsets searchToolsets getToolset toolsetEvents claimCalls pong openProviderSocket
  callTool toolsetLoad callResult cancelCall
  callTool claimCalls sendDelta settleCall
  mcp mcpOfToolset serverCard toolsetServerCard unregisterToolset`
  .trim()
  .split(/\s+/);

/** What earlier answers had, by field: examples say `<field>` for it. */
export type Known = Map<string, string>;

/** Takes note of every text in an answer. */
export function note(known: Known, body: unknown): void {
  if (typeof body !== "object" || body === null) return;
  for (const [field, value] of Object.entries(body)) {
    if (typeof value === "string") known.set(field, value);
    else note(known, value);
  }
}

/** The example with what is known in place of `<field>`. */
function filled<T>(example: T, known: Known): T {
  const text = JSON.stringify(example).replaceAll(/<(\w+)>/g, (_, field: string) => {
    const value = known.get(field);
    if (value === undefined) throw new Error(`no answer had ${field}`);
    return JSON.stringify(value).slice(1, -1);
  });
  return JSON.parse(text) as T;
}

export interface Told {
  operation: Operation;
  path: string;
  init: RequestInit;
}

/** The request that an operation's example is, of nothing but the document. */
export function exampleRequest(document: OpenApi, operationId: string, known: Known): Told {
  const found = operationsOf(document).find(({ operation }) => operation.operationId === operationId);
  if (!found) throw new Error(`no such operation: ${operationId}`);
  const { operation, method } = found;
  const query = new URLSearchParams();
  const headers = new Headers();
  let { path } = found;
  for (const { name, in: place, example } of operation.parameters) {
    if (example === undefined) continue;
    const values = [filled(example, known)].flat().map(String);
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(values[0]!));
    else if (place === "header") headers.set(name, values[0]!);
    else for (const value of values) query.append(name, value);
  }
  const body = operation.requestBody?.content["application/json"]?.example;
  if (body !== undefined) headers.set("Content-Type", "application/json");
  return {
    operation,
    path: query.size > 0 ? `${path}?${query.toString()}` : path,
    init: {
      method: method.toUpperCase(),
      headers,
      ...(body !== undefined && { body: JSON.stringify(filled(body, known)) }),
    },
  };
}
