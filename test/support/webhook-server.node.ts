import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

export interface Message {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** A receiver of webhooks on this machine, as docs/webhooks.md shows one. */
export class WebhookServer implements AsyncDisposable {
  /** `whsec_…` */
  secret = "";
  /** What every message is answered, whether or not it is taken. */
  status = 204;
  /** Those whose signature was right. */
  readonly messages: Message[] = [];
  readonly #server = createServer(async (request, response) => {
    response.writeHead(await this.#take(request)).end();
  });

  static async listen(): Promise<WebhookServer> {
    const receiver = new WebhookServer();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`;
  }

  async #take(request: IncomingMessage): Promise<number> {
    try {
      const headers = request.headers as Record<string, string>;
      this.messages.push(new Webhook(this.secret).verify(await text(request), headers) as Message);
      return this.status;
    } catch {
      return 400;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
