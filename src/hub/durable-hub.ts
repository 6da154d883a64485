import { callOf, type Host, type Hosted } from "../durable/hosted.ts";
import { askForSocket } from "../durable/over-fetch.ts";
import { remote } from "../durable/remote.ts";
import type { Store } from "../store/store.ts";
import { AgentHub } from "./agent-hub.ts";
import type { Hub, PresenceRequest } from "./hub.ts";

/** What RPC may call. */
export const METHODS: Record<keyof Omit<Hub, "socket">, true> = { tell: true, drop: true };

/** What the object's `fetch` is asked. */
export type SocketRequest = [request: PresenceRequest, now: number, protocol: string | null];

/** The hub's end of RPC. @param name  by which its lives are known in the store */
export function hostedHub({ storage, sockets }: Host, name: string, store: Store): Hosted<AgentHub> {
  const inner = new AgentHub(name, store, storage, sockets);
  return {
    inner,
    call: (method, args) => callOf(inner, method, args),
    goOff: (now) => inner.tick(now),
  };
}

/** The caller's end of RPC. */
export function durableHub(stub: () => { fetch(url: string, init: RequestInit): Promise<Response> }): Hub {
  const overFetch = {
    socket(request: PresenceRequest, now: number, protocol?: string): Promise<Response> {
      const asked: SocketRequest = [request, now, protocol ?? null];
      return askForSocket(stub(), asked);
    },
  };
  return {
    ...remote<Omit<Hub, "socket">>(stub, METHODS),
    ...remote<Pick<Hub, "socket">>(() => overFetch, { socket: true }),
  };
}
