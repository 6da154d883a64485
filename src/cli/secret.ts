import type { MadeKey } from "../client/index.ts";
import type { Io } from "./io.ts";

/** Only the secret goes to standard output, so that it can be piped to where secrets are kept; this is the rest. */
export function tellSecret({ err }: Io, { id, name, expires_at }: MadeKey): void {
  const end = expires_at === null ? "until it is revoked" : `until ${expires_at}`;
  err.write(`This secret is shown once. It is of key ${id} (${name}), which lasts ${end}.\n`);
}
