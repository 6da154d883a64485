import { holdProcess } from "./clock.ts";

/** Answers requests as a network would: aborted by a signal, refused once it has ended, and with the process held open meanwhile. */
export class Requests {
  readonly #app: (request: Request) => Response | Promise<Response>;
  readonly #answering = new Set<Promise<unknown>>();
  #release: (() => void) | undefined;
  #hasEnded = false;

  constructor(app: (request: Request) => Response | Promise<Response>) {
    this.#app = app;
  }

  async answer(request: Request): Promise<Response> {
    if (this.#hasEnded) throw new TypeError("The registry is closed.");
    if (request.headers.has("Upgrade"))
      throw new TypeError("There are no WebSockets in this process. POST polls.");
    const { signal } = request;
    signal.throwIfAborted();
    const answer = this.#track(Promise.resolve(this.#app(request)));
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    try {
      return await Promise.race([answer, aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Refuses further requests; resolves when the last one has its answer. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await Promise.allSettled(this.#answering);
  }

  #track(answer: Promise<Response>): Promise<Response> {
    this.#release ??= holdProcess();
    const done = answer.finally(() => {
      this.#answering.delete(done);
      if (this.#answering.size > 0) return;
      this.#release?.();
      this.#release = undefined;
    });
    this.#answering.add(done);
    return done;
  }
}
