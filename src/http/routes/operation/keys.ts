import * as z from "zod";
import { endOf, keyInput, OVERLAP_SECONDS_MAX, type StoredKey } from "../../../core/api-key.ts";
import { SCOPES } from "../../../core/authority.ts";
import { invalid, orThrow } from "../../../core/problem.ts";
import { instantOf, isoTime } from "../../../core/time.ts";
import { createKey, listKeys, revokeKey, rotateKey } from "../../../registry/keys/manage.ts";
import type { Namespace } from "../../../registry/namespace.ts";
import { endpoint } from "../../frame/endpoint.ts";

const OVERLAP_SECONDS_DEFAULT = 86_400;

const keyId = z.string().regex(/^[0-9a-f]{16}$/, "must be 16 of 0-9 a-f");

const shown = ({ name: namespace }: Namespace, key: StoredKey, lastUsedAt: number | null) => ({
  id: key.id,
  name: key.name,
  scopes: [...key.scopes],
  limits: { ...key.limits },
  namespace,
  source: "store" as const,
  created_at: isoTime(key.createdAt),
  created_by: key.createdBy,
  expires_at: timeOrNull(endOf(key)),
  last_used_at: timeOrNull(lastUsedAt),
});

const timeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at));

const create = endpoint({
  method: "POST",
  path: "/v1/keys",
  operationId: "createKey",
  group: "keys",
  scope: "admin",
  body: keyInput,
  refusals: ["invalid_request", "key_exists", "quota_exceeded", "store_contended"],
  async handle({ namespace, asker, body: { name, scopes, expires_at, limits }, now }) {
    const expiresAt = expires_at === null ? null : instantOf(expires_at);
    if (expiresAt !== null && expiresAt <= now)
      throw invalid([{ pointer: "/expires_at", detail: "must be in the future" }]);
    const asked = { name, scopes: SCOPES.filter((scope) => scopes.includes(scope)), limits, expiresAt };
    const { key, secret } = orThrow(await createKey(namespace, asker, asked, now));
    return { status: 201, body: { ...shown(namespace, key, null), secret } };
  },
});

const list = endpoint({
  method: "GET",
  path: "/v1/keys",
  operationId: "listKeys",
  group: "keys",
  scope: "admin",
  refusals: [],
  async handle({ namespace, now }) {
    const made = (await listKeys(namespace, now)).map((used) => shown(namespace, used.key, used.lastUsedAt));
    const configured = namespace.configuredKeys.map(({ name, scopes, limits }) => ({
      id: null,
      name,
      scopes: [...scopes],
      limits: { ...limits },
      namespace: namespace.name,
      source: "config" as const,
      created_at: null,
      created_by: null,
      expires_at: null,
      last_used_at: null,
    }));
    const keys = [...configured, ...made];
    return { status: 200, body: { keys, count: keys.length } };
  },
});

const revoke = endpoint({
  method: "DELETE",
  path: "/v1/keys/:key",
  params: { key: keyId },
  operationId: "revokeKey",
  group: "keys",
  scope: "admin",
  refusals: ["invalid_request", "key_not_found", "store_contended"],
  async handle({ namespace, params, now }) {
    const refused = await revokeKey(namespace, params.key, now);
    if (refused) throw refused;
    return { status: 204 };
  },
});

const rotate = endpoint({
  method: "POST",
  path: "/v1/keys/:key/rotate",
  params: { key: keyId },
  operationId: "rotateKey",
  group: "keys",
  scope: "admin",
  bodyOptional: true,
  body: z.strictObject({
    overlap_seconds: z.int().min(0).max(OVERLAP_SECONDS_MAX).default(OVERLAP_SECONDS_DEFAULT),
  }),
  refusals: ["invalid_request", "key_not_found", "quota_exceeded", "store_contended"],
  async handle({ namespace, asker, params, body, now }) {
    const asked = { id: params.key, overlapMs: body.overlap_seconds * 1000 };
    const { key, secret } = orThrow(await rotateKey(namespace, asker, asked, now));
    return { status: 201, body: { ...shown(namespace, key, null), secret } };
  },
});

const whoami = endpoint({
  method: "GET",
  path: "/v1/whoami",
  operationId: "whoAmI",
  group: "keys",
  scope: null,
  key: "required",
  refusals: [],
  async handle({ asker, namespace, needsKey }) {
    const { name, scopes, key } = asker;
    const body = {
      name,
      scopes: [...scopes],
      namespace: namespace.name,
      access: needsKey ? ("keys" as const) : ("open" as const),
      source: key ? ("store" as const) : needsKey ? ("config" as const) : null,
      id: key?.id ?? null,
      expires_at: timeOrNull(key?.endsAt ?? null),
    };
    return { status: 200, body };
  },
});

export const keyEndpoints = [create, list, revoke, rotate, whoami];
