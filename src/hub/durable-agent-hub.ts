import { readAsked } from "../durable/over-fetch.ts";
import { hostOf, shell } from "../durable/shell.ts";
import type { Store } from "../store/store.ts";
import { hostedHub, METHODS, type SocketRequest } from "./durable-hub.ts";

/**
 * The class of a Durable Object.
 *
 * @param placeOf  of the object with this name: what the hub is called, and the store of its namespace
 */
export const durableAgentHub = (placeOf: (env: Env, object: string) => { name: string; store: Store }) =>
  class extends shell((ctx, env) => {
    // Answered by the platform, without waking the object: this is how an agent says that it lives.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const host = hostOf(ctx);
    const { name, store } = placeOf(env, host.name);
    return hostedHub(host, name, store);
  }, METHODS) {
    /** The port's `socket`. */
    override async fetch(sent: Request): Promise<Response> {
      const [request, now, protocol] = readAsked<SocketRequest>(sent);
      const { 0: theirs, 1: ours } = new WebSocketPair();
      const attached = await this.hosted.inner.attach(ours, request, now);
      if (attached === "gone") return new Response(null, { status: 404 });
      if (attached === "full") return new Response(null, { status: 503 });
      const chosen = protocol === null ? {} : { "Sec-WebSocket-Protocol": protocol };
      return new Response(null, { status: 101, webSocket: theirs, headers: chosen });
    }

    override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
      const text = typeof message === "string" ? message : "";
      // oxlint-disable-next-line no-restricted-globals -- an entry point: no caller gives it the time
      return this.hosted.inner.hear(socket, text, Date.now());
    }

    override async webSocketClose(socket: WebSocket): Promise<void> {
      // oxlint-disable-next-line no-restricted-globals -- an entry point: no caller gives it the time
      await this.hosted.inner.closed(socket, Date.now());
      socket.close();
    }

    override webSocketError(socket: WebSocket): Promise<void> {
      // oxlint-disable-next-line no-restricted-globals -- an entry point: no caller gives it the time
      return this.hosted.inner.closed(socket, Date.now());
    }
  };

export type DurableAgentHub = InstanceType<ReturnType<typeof durableAgentHub>>;
