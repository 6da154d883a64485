import { type Config, DEFAULT_NAMESPACE, NAMESPACE_PATTERN } from "../../config.ts";
import { SCOPES, type Asker } from "../../core/authority.ts";
import { Problem, invalid } from "../../core/problem.ts";
import { isLoopback } from "../../core/outbound-url.ts";
import { sha256 } from "../../registry/digest.ts";

/**
 * Who is calling.
 *
 * @throws {Problem} `unauthorized`, `not_configured`, `forbidden` (open access from a foreign page), `invalid_request`
 */
export async function authenticate(request: Request, { access }: Config): Promise<Asker> {
  switch (access.mode) {
    case "closed":
      throw new Problem("not_configured", access.why);
    case "keys": {
      const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
      const key = token === undefined ? undefined : await keyOf(token, access.keys);
      if (!key) {
        const what =
          token === undefined
            ? "Send Authorization: Bearer <API key>."
            : "The API key that was sent is none of this deployment's.";
        throw new Problem("unauthorized", what);
      }
      return key;
    }
    case "open":
      return openCaller(request);
  }
}

type Keys = Extract<Config["access"], { mode: "keys" }>["keys"];
const known = new WeakMap<Keys, Map<string, Asker>>();

/**
 * Looked up by digest: there is no comparison whose time could tell anything about a key. A key that was right once is
 * remembered, so there are never more of them than were issued.
 */
async function keyOf(token: string, keys: Keys): Promise<Asker | undefined> {
  const remembered = known.get(keys)?.get(token);
  if (remembered) return remembered;
  const key = keys.get((await sha256(token)).toHex());
  if (key) known.set(keys, (known.get(keys) ?? new Map<string, Asker>()).set(token, key));
  return key;
}

function openCaller(request: Request): Asker {
  if (!isLoopback(new URL(request.url).hostname)) {
    throw new Problem(
      "not_configured",
      "ACCESS=open is for loopback only. Set the secret API_KEYS to serve other hosts.",
    );
  }
  // Any page in the developer's browser can reach loopback; without keys its Origin is all that tells it apart.
  const origin = request.headers.get("Origin");
  if (origin !== null && !isLoopback(URL.parse(origin)?.hostname ?? "")) {
    throw new Problem("forbidden", "Open access is not for pages of other sites.");
  }
  const namespace = request.headers.get("Rollcall-Namespace") ?? DEFAULT_NAMESPACE;
  if (!NAMESPACE_PATTERN.test(namespace)) {
    throw invalid([{ pointer: "/Rollcall-Namespace", detail: "must be 1 to 63 of a-z 0-9 -" }]);
  }
  return { name: null, scopes: SCOPES, namespace };
}
