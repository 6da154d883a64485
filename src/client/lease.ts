import { asRollcallError, type RollcallError } from "./problem.ts";
import type { RegisterOptions } from "./options.ts";

/** What to do after a failed request: register (again), send it again later, or end. */
export type Remedy = "register" | "retry" | "stop";

/**
 * The lease token of an entry that this process keeps registered, and the rule for registering again.
 *
 * Every registration sends the token, if there is one, and one key for the whole life of the process. So a registration that
 * the registry has lost comes back as it was, and one whose answer was lost is found by its repetition.
 */
export class Lease {
  /** Undefined before the first registration. */
  token: string | undefined;
  /** false: the entry has to be registered before anything else */
  isHeld: boolean;
  readonly #notFound: "agent_not_found" | "toolset_not_found";
  readonly #idempotencyKey = crypto.randomUUID();

  constructor(notFound: "agent_not_found" | "toolset_not_found", token?: string) {
    this.#notFound = notFound;
    this.token = token;
    this.isHeld = token !== undefined;
  }

  /** To be sent with each registration. */
  get credentials(): RegisterOptions {
    return { leaseToken: this.token, idempotencyKey: this.#idempotencyKey };
  }

  /** Keeps the token that the registration answers with. */
  async register<Answer extends { lease_token: string }>(sent: Promise<Answer>): Promise<Answer> {
    const answer = await sent;
    this.token = answer.lease_token;
    this.isHeld = true;
    return answer;
  }

  /** What to do after a request that failed like this. */
  after(thrown: unknown): Remedy {
    const { code, transient } = asRollcallError(thrown);
    if (code === this.#notFound) {
      this.isHeld = false;
      return "register";
    }
    if (code === "epoch_ahead") {
      this.token = undefined;
      return "register";
    }
    // Another key's registration has the id, which may end.
    const isRestoring = this.token !== undefined && !this.isHeld;
    return transient || (code === "forbidden" && isRestoring) ? "retry" : "stop";
  }
}

/** Whether the same request may succeed later, or as soon as the entry is registered again. */
export const isWorthRetrying = ({ transient, action }: RollcallError): boolean =>
  transient || action === "register";
