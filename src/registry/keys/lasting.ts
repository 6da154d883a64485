import type { Asker } from "../../core/authority.ts";
import { Problem } from "../../core/problem.ts";
import { endedAmong } from "../../store/keyring.ts";
import type { Namespace } from "../namespace.ts";

/** How old what is known of a key may be while a request of it waits or streams, ms. */
const AGE_MAX_MS = 10_000;
/** The same where a socket opens, which is looked at again 20 s later, ms. */
const SOCKET_AGE_MAX_MS = 5000;
/** How often a wait is interrupted to look, ms: a revoked key's ends 20 s later at most. */
const LOOK_EVERY_MS = 10_000;

/**
 * Refuses an asker whose key has ended or was revoked.
 *
 * @param ageMaxMs  as of how long ago at most
 * @throws {Problem} `unauthorized`, `store_unavailable`
 */
export async function refuseEndedKey(
  { keys, clock }: Namespace,
  { key }: Asker,
  ageMaxMs = AGE_MAX_MS,
): Promise<void> {
  if (key && !(await keys.find(key.id, clock(), ageMaxMs)))
    throw new Problem("unauthorized", "The API key has ended, or was revoked.");
}

/**
 * What a socket that is opened now keeps of the asker's key: its id, which is looked at every 20 s from then on.
 *
 * @throws {Problem} as `refuseEndedKey`
 */
export async function keyOfSocket(namespace: Namespace, asker: Asker): Promise<{ key?: string }> {
  await refuseEndedKey(namespace, asker, SOCKET_AGE_MAX_MS);
  return asker.key ? { key: asker.key.id } : {};
}

/** The namespace as a request has it: a wait in it ends with the asker's key, by the Problem `unauthorized`. */
export function whileKeyLasts(namespace: Namespace, asker: Asker): Namespace {
  if (!asker.key) return namespace;
  const { clock, pause } = namespace;
  return {
    ...namespace,
    async pause(ms) {
      const end = clock() + ms;
      for (;;) {
        await refuseEndedKey(namespace, asker);
        const leftMs = end - clock();
        if (leftMs <= 0) return;
        await pause(Math.min(leftMs, LOOK_EVERY_MS));
      }
    },
  };
}

/** A stream that breaks off where the asker's key ends, however much it has to say. */
export function streamWhileKeyLasts(namespace: Namespace, asker: Asker, answer: Response): Response {
  if (!asker.key || !answer.body) return answer;
  const body = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        await refuseEndedKey(namespace, asker);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(body, answer);
}

/**
 * Which of these keys have ended, as an object that has their sockets asks it.
 *
 * @throws {Problem} `store_unavailable`
 */
export const endedKeys = ({ store }: Namespace, ids: readonly string[], now: number) =>
  endedAmong(store, ids, now);
