import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

/** The namespace's key for proofs. One round trip; a second one makes it. */
export function signingKeyIn({ connection, keys }: Database): Pick<Store, "signingKey"> {
  return {
    async signingKey(candidate) {
      // Read first: a full Redis refuses even a SET that would change nothing.
      const [kept] = (await connection.read("signing key", [["GET", keys.signingKey]])) as [string | null];
      if (kept !== null) return kept;
      const [, made] = await connection.write("signing key", [
        ["SET", keys.signingKey, candidate, "NX"],
        ["GET", keys.signingKey],
      ]);
      return made as string;
    },
  };
}
