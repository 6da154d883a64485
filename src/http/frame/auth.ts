import { type Access, DEFAULT_NAMESPACE, NAMESPACE_PATTERN, namespacesOf } from "../../config.ts";
import { endOf } from "../../core/api-key.ts";
import { type Asker, lacksScope, SCOPES } from "../../core/authority.ts";
import { isLoopback } from "../../core/outbound-url.ts";
import { invalid, Problem } from "../../core/problem.ts";
import { digestOf, placeIn } from "../../registry/keys/secret.ts";
import type { Namespace } from "../../registry/namespace.ts";
import { type Endpoint, keyNeedOf } from "./endpoint.ts";

/** What says who asks. */
export interface Gate {
  access: Access;
  /** Opens a namespace: it has the keys that were made while running. */
  open: (namespace: string) => Namespace;
}

/** The asker where no key is needed. */
export const ANONYMOUS: Asker = { name: null, scopes: [], namespace: DEFAULT_NAMESPACE };

/**
 * Who sent a request, if an endpoint may be asked by them.
 *
 * @throws {Problem} as `authenticate` does; `forbidden` where the key lacks the endpoint's scope
 */
export async function authorize(
  request: Request,
  endpoint: Pick<Endpoint, "key" | "scope" | "dialect">,
  gate: Gate,
): Promise<Asker> {
  const { scope } = endpoint;
  const need = keyNeedOf(endpoint);
  const isKeyless =
    need === "none" ||
    (need === "optional" && gate.access.mode === "keys" && !request.headers.has("Authorization"));
  const asker = isKeyless ? ANONYMOUS : await authenticate(request, gate, endpoint.dialect === "page");
  const refused = scope === null ? undefined : lacksScope(asker, scope);
  if (refused) throw refused;
  return asker;
}

/**
 * Who sent a request.
 *
 * @param isNavigable  it is for a page, so a browser may come to it by a link on another site
 * @throws {Problem} `unauthorized`, `not_configured`, `forbidden` (open access from a foreign host or page),
 *   `invalid_request`, `store_unavailable` (a key that may have been made while running)
 */
export async function authenticate(request: Request, gate: Gate, isNavigable = false): Promise<Asker> {
  const { access } = gate;
  switch (access.mode) {
    case "closed":
      throw new Problem("not_configured", access.why);
    case "keys": {
      const token = tokenIn(request.headers.get("Authorization") ?? "");
      const key = token === undefined ? undefined : await keyOf(token, access, gate.open);
      if (!key) {
        if (token !== undefined) await noteRefusal(token, access, gate.open);
        const what =
          token === undefined
            ? "Send Authorization: Bearer <API key>."
            : "The API key that was sent is none of this deployment's.";
        throw new Problem("unauthorized", what);
      }
      return key;
    }
    case "open":
      return openAsker(request, isNavigable);
  }
}

/**
 * The key in an `Authorization` header: of `Bearer`, or the password of `Basic` (RFC 7617), whoever the user is said to be, for
 * clients that only know a URL. No answer asks for `Basic`: a browser would keep the key, and send it along for other sites.
 */
function tokenIn(header: string): string | undefined {
  const [, scheme, sent] = /^(Bearer|Basic) +(\S+)$/i.exec(header) ?? [];
  return scheme?.toLowerCase() === "basic" ? passwordIn(sent!) : sent;
}

function passwordIn(credentials: string): string | undefined {
  try {
    return /^[^:]*:(\S+)$/.exec(atob(credentials))?.[1];
  } catch {
    return undefined;
  }
}

type Keyed = Extract<Access, { mode: "keys" }>;
interface Known {
  byToken: Map<string, Asker>;
  /** In which keys are looked for that were made while running. */
  namespaces: ReadonlySet<string>;
}
const known = new WeakMap<Keyed, Known>();

/**
 * Looks a key up by its digest, so the time that a comparison takes reveals nothing of a key. Only valid keys of the
 * configuration are remembered, so there are never more than were issued. Only what looks like a key that was made while
 * running, in a namespace that the configuration has a key of, costs a look into the store.
 */
async function keyOf(token: string, access: Keyed, open: Gate["open"]): Promise<Asker | undefined> {
  const kept: Known = known.get(access) ?? { byToken: new Map(), namespaces: new Set(namespacesOf(access)) };
  known.set(access, kept);
  const remembered = kept.byToken.get(token);
  if (remembered) return remembered;
  const digest = await digestOf(token);
  const configured = access.keys.get(digest);
  if (configured) {
    kept.byToken.set(token, configured);
    return configured;
  }
  const place = placeIn(token);
  if (!place || !kept.namespaces.has(place.namespace)) return undefined;
  const { id, namespace } = place;
  const { keys, clock } = open(namespace);
  const key = await keys.find(id, clock());
  if (!key || key.digest !== digest) return undefined;
  const { name, scopes, limits } = key;
  return { name, scopes, namespace, limits, key: { id, endsAt: endOf(key) } };
}

/**
 * Of which namespace a key was meant to be is what it says of itself; any other is put down to the only namespace there is, if
 * there is one alone.
 */
async function noteRefusal(token: string, access: Keyed, open: Gate["open"]): Promise<void> {
  const { namespaces } = known.get(access)!;
  const [first] = namespaces;
  const name = placeIn(token)?.namespace ?? (namespaces.size === 1 ? first : undefined);
  if (name === undefined || !namespaces.has(name)) return;
  const namespace = open(name);
  await namespace.refusals.noteKey(namespace.clock());
}

function openAsker(request: Request, isNavigable: boolean): Asker {
  const { headers } = request;
  // The Host header counts as well as the URL: a local proxy may take the URL from elsewhere, and a name that an attacker
  // has pointed to loopback is still in the header.
  for (const host of [new URL(request.url).hostname, hostOf(headers.get("Host"))]) {
    if (host !== undefined && !isLoopback(host)) {
      throw new Problem(
        "forbidden",
        "Open access is for this machine only. Set API_KEYS to serve other hosts.",
      );
    }
  }
  if (isFromAnotherSite(headers, isNavigable)) {
    throw new Problem("forbidden", "Open access is not for pages of other sites.");
  }
  const namespace = request.headers.get("Rollcall-Namespace") ?? DEFAULT_NAMESPACE;
  if (!NAMESPACE_PATTERN.test(namespace)) {
    throw invalid([{ pointer: "/Rollcall-Namespace", detail: "must be 1 to 63 of a-z 0-9 -" }]);
  }
  return { name: null, scopes: SCOPES, namespace };
}

const hostOf = (header: string | null): string | undefined =>
  header === null ? undefined : (URL.parse(`http://${header}`)?.hostname ?? "");

/**
 * Whether a page of another site sent the request: any page in the developer's browser can reach loopback, and without keys
 * these headers are all that tells it apart. Following a link to one of our pages is let through: the other page sees
 * nothing of it.
 */
function isFromAnotherSite(headers: Headers, isNavigable: boolean): boolean {
  const origin = headers.get("Origin");
  if (origin !== null && !isLoopback(URL.parse(origin)?.hostname ?? "")) return true;
  const isNavigation =
    isNavigable &&
    headers.get("Sec-Fetch-Mode") === "navigate" &&
    headers.get("Sec-Fetch-Dest") === "document";
  return headers.get("Sec-Fetch-Site") === "cross-site" && !isNavigation;
}
