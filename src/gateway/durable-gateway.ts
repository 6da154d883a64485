import { forgettable, type IsKnown } from "../durable/forgettable.ts";
import { remote } from "../durable/remote.ts";
import type { ClaimRequest, Gateway } from "./gateway.ts";
import { ToolGateway } from "./tool-gateway.ts";

const METHODS: Record<keyof Omit<Gateway, "socket">, true> = {
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
};

/** What `DurableToolGateway.fetch` is asked. */
type SocketRequest = [request: ClaimRequest, now: number];

/**
 * The gateway's end of RPC: the class of a Durable Object.
 *
 * @param isKnown whether the toolset of the object with this name is registered
 */
export const durableToolGateway = (isKnown: IsKnown) =>
  class extends forgettable<ToolGateway, keyof typeof METHODS>({
    make(storage, ctx) {
      // Answered by the platform, without waking the object.
      ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
      return new ToolGateway(storage, ctx);
    },
    methods: METHODS,
    following: ["arrived", "changed", "resultSchema"],
    isKnown,
    tick: (gateway, now) => gateway.tick(now),
  }) {
    /** The port's `socket`. */
    override async fetch({ headers }: Request): Promise<Response> {
      const [request, now] = JSON.parse(decodeURIComponent(headers.get("Asked")!)) as SocketRequest;
      await this.noteUse(now);
      const { 0: theirs, 1: ours } = new WebSocketPair();
      const attached = await this.inner.attach(ours, request, now);
      return attached
        ? new Response(null, { status: 101, webSocket: theirs })
        : new Response(null, { status: 409 });
    }

    override webSocketClose(socket: WebSocket): void {
      socket.close();
    }
  };

export type DurableToolGateway = InstanceType<ReturnType<typeof durableToolGateway>>;

/** The caller's end of RPC. */
export function durableGateway(stub: () => DurableObjectStub<DurableToolGateway>): Gateway {
  // RPC cannot carry a socket; the answer to a request can.
  const overFetch = {
    socket: (...asked: SocketRequest) =>
      stub().fetch("https://gateway/", {
        headers: { Upgrade: "websocket", Asked: encodeURIComponent(JSON.stringify(asked)) },
      }),
  };
  return {
    ...remote<Omit<Gateway, "socket">>(stub, METHODS),
    ...remote<Pick<Gateway, "socket">>(() => overFetch, { socket: true }),
  };
}
