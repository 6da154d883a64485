import { entryId } from "../../../core/names.ts";
import { orThrow, Problem } from "../../../core/problem.ts";
import { openPresence } from "../../../registry/agents/presence.ts";
import { readLeaseToken } from "../../../registry/lease-token.ts";
import { endpoint } from "../../frame/endpoint.ts";

/** What a browser, which cannot send headers with a handshake, offers: this, and the token behind the prefix. */
const PROTOCOL = "rollcall";
const TOKEN_PREFIX = "rollcall.lease.";

const presence = endpoint({
  method: "GET",
  path: "/v1/agents/:id/presence",
  params: { id: entryId },
  operationId: "openPresence",
  isHeartbeat: true,
  group: "agents",
  scope: "write",
  takesLeaseToken: true,
  refusals: [
    "invalid_request",
    "lease_token_required",
    "agent_not_found",
    "lease_lost",
    "upgrade_required",
    "hub_full",
  ],
  async handle({ namespace, asker, params, headers, token, region, now }) {
    if (headers.get("Upgrade")?.toLowerCase() !== "websocket")
      throw new Problem("upgrade_required", "GET here opens a WebSocket. To call in, POST a heartbeat.");
    const offered = (headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((name) => name.trim());
    const sent = offered.find((name) => name.startsWith(TOKEN_PREFIX));
    const fromBrowser =
      sent === undefined ? undefined : await readLeaseToken(sent.slice(TOKEN_PREFIX.length));
    const protocol = offered.includes(PROTOCOL) ? { protocol: PROTOCOL } : {};
    const request = { id: params.id, token: token ?? fromBrowser, region, ...protocol };
    return { status: 101, raw: orThrow(await openPresence(namespace, asker, request, now)) };
  },
});

export const presenceEndpoints = [presence];
