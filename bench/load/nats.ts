import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A message; `reply` is where it is to be answered, or, from a stream, what it says of its place there. */
export interface NatsMessage {
  reply: string;
  payload: Buffer;
}

type Listener = (message: NatsMessage) => void;

const END = "\r\n";
/** Of the subscription to the answers of all requests. */
const ANSWERS = 1;

/**
 * A connection to NATS: the part of its protocol that requests and watches need.
 *
 * @see https://docs.nats.io/reference/reference-protocols/nats-protocol
 */
export class NatsConnection {
  readonly #socket: Socket;
  readonly #inbox = `_INBOX.${crypto.randomUUID()}`;
  readonly #listeners = new Map<number, Listener>();
  readonly #answers: ((message: NatsMessage) => void)[] = [];
  #lastSubscription = ANSWERS;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.write(`CONNECT {"verbose":false,"pedantic":false,"headers":false}${END}`);
    socket.write(`SUB ${this.#inbox} ${ANSWERS}${END}`);
    // One server's connection has its answers in the order of its requests.
    this.#listeners.set(ANSWERS, (message) => this.#answers.shift()?.(message));
  }

  static async open(port: number): Promise<NatsConnection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new NatsConnection(socket);
  }

  /** Publishes, and waits for the answer; one request at a time. */
  async request(subject: string, payload: string): Promise<string> {
    const answered = new Promise<NatsMessage>((resolve) => this.#answers.push(resolve));
    this.#socket.write(`PUB ${subject} ${this.#inbox} ${Buffer.byteLength(payload)}${END}${payload}${END}`);
    return (await answered).payload.toString();
  }

  /** @returns the subject of its own that is listened to, and how to end that */
  subscribe(listener: Listener): { subject: string; end: () => void } {
    this.#lastSubscription += 1;
    const id = this.#lastSubscription;
    const subject = `${this.#inbox}.${id}`;
    this.#listeners.set(id, listener);
    this.#socket.write(`SUB ${subject} ${id}${END}`);
    const end = () => {
      this.#listeners.delete(id);
      this.#socket.write(`UNSUB ${id}${END}`);
    };
    return { subject, end };
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    let at = 0;
    for (let lineEnd = all.indexOf(END, at); lineEnd >= 0; lineEnd = all.indexOf(END, at)) {
      const line = all.toString("latin1", at, lineEnd);
      const from = lineEnd + END.length;
      if (line.startsWith("MSG ")) {
        const [, , id, ...rest] = line.split(" ");
        const to = from + Number(rest.at(-1));
        if (all.length < to + END.length) break;
        const reply = rest.length > 1 ? rest[0]! : "";
        this.#listeners.get(Number(id))?.({ reply, payload: all.subarray(from, to) });
        at = to + END.length;
      } else {
        if (line === "PING") this.#socket.write(`PONG${END}`);
        if (line.startsWith("-ERR")) throw new Error(`NATS: ${line}`);
        at = from;
      }
    }
    this.#rest = all.subarray(at);
  }
}
