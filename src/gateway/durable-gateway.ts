import { Forgettable, type IsKnown } from "../durable/forgettable.ts";
import type { Host } from "../durable/hosted.ts";
import { askForSocket } from "../durable/over-fetch.ts";
import { remote } from "../durable/remote.ts";
import type { ClaimRequest, Gateway } from "./gateway.ts";
import { type EndedKeys, ToolGateway } from "./tool-gateway.ts";

/** What RPC may call. */
export const METHODS: Record<keyof Omit<Gateway, "socket">, true> = {
  call: true,
  claim: true,
  arrived: true,
  delta: true,
  settle: true,
  resultSchema: true,
  cancel: true,
  follow: true,
  changed: true,
  open: true,
  close: true,
  load: true,
  troubles: true,
};

/** What the object's `fetch` is asked. */
export type SocketRequest = [request: ClaimRequest, now: number];

/**
 * The gateway's end of RPC.
 *
 * @param isKnown  whether the toolset of the object with this name is registered
 * @param endedKeys  by default none has: where there are no sockets nobody asks
 */
export const hostedGateway = (
  host: Host,
  isKnown: IsKnown,
  endedKeys: EndedKeys = async () => new Set(),
): Forgettable<ToolGateway> =>
  new Forgettable(
    {
      make: (storage, sockets) => new ToolGateway(storage, sockets, endedKeys),
      following: ["arrived", "changed", "resultSchema"],
      isKnown,
      tick: (gateway, now) => gateway.tick(now),
    },
    host,
  );

/** The caller's end of RPC. */
export function durableGateway(
  stub: () => { fetch(url: string, init: RequestInit): Promise<Response> },
): Gateway {
  const overFetch = { socket: (...asked: SocketRequest) => askForSocket(stub(), asked) };
  return {
    ...remote<Omit<Gateway, "socket">>(stub, METHODS),
    ...remote<Pick<Gateway, "socket">>(() => overFetch, { socket: true }),
  };
}
