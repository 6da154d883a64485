import { readAsked } from "../durable/over-fetch.ts";
import { hostOf, shell } from "../durable/shell.ts";
import { hostedGateway, METHODS, type SocketRequest } from "./durable-gateway.ts";
import type { EndedKeys } from "./tool-gateway.ts";

/**
 * The class of a Durable Object.
 *
 * @param isKnown as of `hostedGateway`
 * @param endedKeys  the same, of the namespace of the object with this name
 */
export const durableToolGateway = (
  isKnown: (env: Env, object: string) => Promise<boolean>,
  endedKeys: (env: Env, object: string, ...asked: Parameters<EndedKeys>) => ReturnType<EndedKeys>,
) =>
  class extends shell((ctx, env) => {
    // Answered by the platform, without waking the object.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const host = hostOf(ctx);
    return hostedGateway(
      host,
      (object) => isKnown(env, object),
      (...asked) => endedKeys(env, host.name, ...asked),
    );
  }, METHODS) {
    /** The port's `socket`. */
    override async fetch(sent: Request): Promise<Response> {
      const [request, now] = readAsked<SocketRequest>(sent);
      await this.hosted.noteUse(now);
      const { 0: theirs, 1: ours } = new WebSocketPair();
      const attached = await this.hosted.inner.attach(ours, request, now);
      return attached
        ? new Response(null, { status: 101, webSocket: theirs })
        : new Response(null, { status: 409 });
    }

    override webSocketClose(socket: WebSocket): void {
      socket.close();
    }
  };

export type DurableToolGateway = InstanceType<ReturnType<typeof durableToolGateway>>;
