import { Pool } from "undici";

export interface Reply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** Keep-alive connections to one server, one request at a time on each. */
export class Http {
  readonly #pool: Pool;
  readonly #headers: Record<string, string>;

  constructor(origin: string, headers: Record<string, string> = {}, connections = 64) {
    this.#pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
    this.#headers = headers;
  }

  async send(
    method: "GET" | "POST" | "DELETE",
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const answer = await this.#pool.request({
      method,
      path,
      headers: {
        ...this.#headers,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      body: body ?? null,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  /** @throws if it is not answered with `status` */
  async expect(status: number, ...request: Parameters<Http["send"]>): Promise<string> {
    const reply = await this.send(...request);
    if (reply.status !== status) {
      throw new Error(
        `${request[0]} ${request[1]}: ${reply.status} instead of ${status}: ${reply.text.slice(0, 500)}`,
      );
    }
    return reply.text;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
