import * as z from "zod";
import { check } from "../core/check.ts";
import { Problem } from "../core/problem.ts";
import { OUTLINES_EVERY_MS } from "../registry/toolsets/outlines.ts";
import { type Answered, type Exchange, failureMessage } from "./answered.ts";
import { requireScope } from "./face.ts";
import { outlineOn } from "./offered-tools.ts";
import { completed, invalidParams, type Json, META_KEYS, notification, resultMessage } from "./protocol.ts";

/** How long a subscription lasts; its client listens again. */
const LASTS_MS = 600_000;

const listenParams = z.looseObject({
  notifications: z.looseObject({ toolsListChanged: z.boolean().optional() }),
});

/**
 * Answers `subscriptions/listen` by a stream that tells when the list of tools has changed for this client. It ends after ten
 * minutes, or with an error when the store does not answer.
 *
 * @throws {RpcError} for a filter that is none; {Problem} `forbidden`, `store_unavailable`
 */
export async function listen(exchange: Exchange): Promise<Answered> {
  const { face, request } = exchange;
  requireScope(face, "read");
  const params = check(listenParams, request.params);
  if (params instanceof Problem) throw invalidParams(params.message);
  const isWanted = params.notifications.toolsListChanged === true;
  // Before the client is told that it listens: what changes from then on is not missed.
  const outline = isWanted ? await outlineOn(face) : undefined;
  return { status: 200, messages: messagesOf(exchange, outline), left: async () => {} };
}

/** @param outline  of the list as the client has it; undefined: it did not ask for that list */
async function* messagesOf(
  { face, request: { id, era } }: Exchange,
  outline: string | undefined,
): AsyncGenerator<Json | null, void> {
  const { clock, pause } = face.namespace;
  const endAt = clock() + LASTS_MS;
  const tag = { _meta: { [META_KEYS.subscriptionId]: id } };
  const notifications = outline === undefined ? {} : { toolsListChanged: true };
  yield notification("notifications/subscriptions/acknowledged", { notifications, ...tag });
  let known = outline;
  try {
    while (clock() < endAt) {
      await pause(OUTLINES_EVERY_MS);
      const now = known === undefined ? undefined : await outlineOn(face);
      // A Worker notices that its client has left when it writes, so it writes each time.
      yield now === known ? null : notification("notifications/tools/list_changed", tag);
      known = now;
    }
    yield resultMessage(id, completed(era, tag));
  } catch (error) {
    yield failureMessage(id, error);
  }
}
