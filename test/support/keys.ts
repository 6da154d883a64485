import { type Access, type ApiKey, DEFAULT_NAMESPACE } from "../../src/config.ts";

/** A key as its holder has it: the registry itself never sees the token, only its digest. */
export interface TestKey {
  name: string;
  token: string;
  scopes: ApiKey["scopes"];
  namespace?: string;
  limits?: ApiKey["limits"];
}

/** By crypto.subtle and not by src, so that a digest gone wrong there is noticed here. */
export async function digestOf(token: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Access of mode "keys", as parseConfig would make it of `apiKeys(keys)`. */
export async function keysAccess(keys: readonly TestKey[]): Promise<Access> {
  const digested = keys.map(async ({ token, namespace = DEFAULT_NAMESPACE, ...key }) => {
    return [await digestOf(token), { ...key, namespace }] as const;
  });
  return { mode: "keys", keys: new Map(await Promise.all(digested)) };
}

/** The text of an API_KEYS binding. */
export async function apiKeys(keys: readonly TestKey[]): Promise<string> {
  const listed = keys.map(async ({ token, ...key }) => ({ ...key, sha256: await digestOf(token) }));
  return JSON.stringify(await Promise.all(listed));
}

export const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

/** RFC 7617, in UTF-8. */
export const basic = (user: string, password: string) => ({
  Authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))}`,
});
