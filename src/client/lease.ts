import { asRollcallError, type RollcallError } from "./problem.ts";

/**
 * The lease token of an entry that this process keeps registered, and the rule for registering again.
 *
 * A registration whose answer was lost may take effect late, and then supersedes the one that was sent after it. So after such
 * a try the first `lease_lost` does not prove that another process took over: the entry is registered once more. As soon as a
 * request with the current token succeeds, `lease_lost` means another process again.
 */
export class Lease {
  /** Undefined while there is no registration. */
  token: string | undefined;
  readonly #notFound: "agent_not_found" | "toolset_not_found";
  #hasUnansweredTry = false;

  constructor(notFound: "agent_not_found" | "toolset_not_found", token?: string) {
    this.#notFound = notFound;
    this.token = token;
  }

  /** Keeps the token that the registration answers with. */
  async register<Answer extends { lease_token: string }>(sent: Promise<Answer>): Promise<Answer> {
    try {
      const answer = await sent;
      this.token = answer.lease_token;
      return answer;
    } catch (thrown) {
      const { status } = asRollcallError(thrown);
      if (status === 0 || status >= 500) this.#hasUnansweredTry = true;
      throw thrown;
    }
  }

  /** To be called when a request with the token has succeeded. */
  confirm(): void {
    this.#hasUnansweredTry = false;
  }

  /** Drops the token if the error means that the entry has to be registered again, and says whether it does. */
  dropIfGone({ code }: RollcallError): boolean {
    const isGone = code === this.#notFound || (code === "lease_lost" && this.#hasUnansweredTry);
    if (isGone) {
      this.token = undefined;
      this.#hasUnansweredTry = false;
    }
    return isGone;
  }
}
