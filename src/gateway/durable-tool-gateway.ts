import { readAsked } from "../durable/over-fetch.ts";
import { hostOf, shell } from "../durable/shell.ts";
import { hostedGateway, METHODS, type SocketRequest } from "./durable-gateway.ts";

/**
 * The class of a Durable Object.
 *
 * @param isKnown as of `hostedGateway`
 */
export const durableToolGateway = (isKnown: (env: Env, object: string) => Promise<boolean>) =>
  class extends shell((ctx, env) => {
    // Answered by the platform, without waking the object.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    return hostedGateway(hostOf(ctx), (object) => isKnown(env, object));
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
