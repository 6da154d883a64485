import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";

const TEXT = 1;
const CLOSE = 8;
/** A client masks what it sends; the mask of zeros leaves it as it is. */
const frame = (opcode: number, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
const PING = frame(TEXT, Buffer.from("ping"));
const GOODBYE = frame(CLOSE, Buffer.from([0x03, 0xe8]));
/** As WebSocket says it: the connection ended without a word. */
const ABNORMAL = 1006;
/** Longer texts, which say their length otherwise, are not sent to agents. */
const PAYLOAD_MAX = 125;

/**
 * An agent's end of a WebSocket: little more than its TCP connection, so that one process has ten thousand of them and the
 * load costs less than what is measured.
 */
export class PresenceSocket {
  readonly #socket: Socket;
  readonly #pongs: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #code = ABNORMAL;
  /** Resolves once it is closed, with the code that the registry gave; 1006: none. */
  readonly closed: Promise<number>;

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    // A server that is killed resets its connections, which is the end that `closed` tells of.
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      socket.on("close", () => {
        for (const { reject } of this.#pongs) reject(new Error(`closed with ${this.#code}`));
        resolve(this.#code);
      }),
    );
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#take(head);
  }

  /** @throws if the handshake is not answered with 101 */
  static async open(url: string, headers: Record<string, string>): Promise<PresenceSocket> {
    const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
    const key = { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" };
    const asked = request(url, { headers: { ...headers, ...upgrade, ...key }, agent: false });
    return new Promise((resolve, reject) => {
      asked.on("upgrade", (_: IncomingMessage, socket: Socket, head: Buffer) =>
        resolve(new PresenceSocket(socket, head)),
      );
      asked.on("response", (answer) => {
        answer.resume();
        reject(new Error(`the handshake was answered with ${answer.statusCode}`));
      });
      asked.on("error", reject);
      asked.end();
    });
  }

  /** Resolves with the pong. */
  ping(): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => this.#pongs.push({ resolve, reject }));
    this.#socket.write(PING);
    return answered;
  }

  /** Says goodbye, and ends the connection. */
  close(): void {
    if (!this.#socket.writableEnded) this.#socket.end(GOODBYE);
  }

  #take(bytes: Buffer): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    while (this.#rest.length >= 2) {
      const length = this.#rest[1]!;
      if (length > PAYLOAD_MAX) throw new Error("a frame longer than agents are sent");
      if (this.#rest.length < 2 + length) return;
      const payload = this.#rest.subarray(2, 2 + length);
      const opcode = this.#rest[0]! & 0x0f;
      this.#rest = this.#rest.subarray(2 + length);
      if (opcode === TEXT && payload.toString() === "pong") this.#pongs.shift()?.resolve();
      if (opcode === CLOSE) {
        this.#code = length >= 2 ? payload.readUInt16BE(0) : ABNORMAL;
        // It may be the answer to our own.
        this.close();
      }
    }
  }
}
