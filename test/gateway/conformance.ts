import { describe } from "vitest";
import type { OpenGateway } from "../support/tool-gateway.ts";
import { queues } from "./conformance/calls.ts";
import { cancels } from "./conformance/cancellation.ts";
import { asksWhoLives } from "./conformance/pings.ts";
import { registers } from "./conformance/registrations.ts";
import { keepsResultSchemas } from "./conformance/result-schemas.ts";
import { letsWait } from "./conformance/waiting.ts";

const BEHAVIOURS: [name: string, declare: (open: OpenGateway) => void][] = [
  ["calls", queues],
  ["cancellation", cancels],
  ["pings", asksWhoLives],
  ["registrations", registers],
  ["result schemas", keepsResultSchemas],
  ["waiting", letsWait],
];

/** Everything that the port (src/gateway/gateway.ts) promises but for sockets, whatever hosts the object behind it. */
export function gatewayConformance(host: string, open: OpenGateway): void {
  describe.each(BEHAVIOURS)(`in ${host}, %s:`, (_, declare) => {
    declare(open);
  });
}
