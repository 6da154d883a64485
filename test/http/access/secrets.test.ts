import { describe, expect, it, onTestFinished, vi } from "vitest";
import { endpoints } from "../../../src/http/routes.ts";
import { apiKeys, bearer, digestOf, type TestKey } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { redisBackend } from "../../support/stores.ts";
import { ECHO } from "../../support/toolsets.ts";

const OWNER: TestKey = { name: "robin", token: "token-of-robin", scopes: ["read", "write"] };
const ADMIN: TestKey = { name: "boss", token: "token-of-boss", scopes: ["admin"] };
const READER: TestKey = { name: "reader", token: "token-of-reader", scopes: ["read"] };
const AGENT = { id: "a", services: [{ service: "a" }] };
const TOOLSET = { name: "a", tools: [ECHO] };
const QUERIES: Record<string, string> = {
  "/v1/services/ready": "?service=a&timeout=0",
  "/v1/toolsets/search": "?q=a",
};
/** Every route, with "a" for whatever is to be named. */
const ROUTES = endpoints.map(({ path, ...endpoint }) => ({
  ...endpoint,
  path: path.replace(/:\w+/g, "a") + (QUERIES[path] ?? ""),
}));
const STRANGER = "token-of-nobody";

/** A registry on Redis, the backend with most to give away, and every word it says: answers, headers and log lines. */
async function overheard() {
  const spies = (["error", "warn", "log"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => {}),
  );
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  const backend = redisBackend();
  const registry = new Registry({ backend, env: { API_KEYS: await apiKeys([OWNER, ADMIN, READER]) } });
  const answers: string[] = [];

  async function ask(...exchange: Parameters<Registry["call"]>) {
    const { status, headers, body } = await registry.call(...exchange);
    answers.push(`${status} ${JSON.stringify([...headers])} ${JSON.stringify(body)}`);
  }

  /** Every route, by everybody; some of it right, some of it with the lease token where a number belongs. */
  async function askEverything(leaseToken: string) {
    for (const token of [OWNER.token, ADMIN.token, READER.token, STRANGER]) {
      const headers = { ...bearer(token), "Lease-Token": leaseToken };
      for (const { method, path, body } of ROUTES) {
        const sent = body && { name: "agent", current_load: leaseToken, port: leaseToken };
        await ask(method, path, sent, headers);
      }
      const whole = { status: "busy", current_load: 1 };
      await ask("POST", "/v1/agents/a/heartbeat", whole, headers);
      await ask("POST", "/v1/agents/a/heartbeat", { metadata: { b: 1 } }, headers);
      const heartbeats = [{ id: "a", lease_token: leaseToken, ...whole }];
      await ask("POST", "/v1/heartbeats", { heartbeats }, headers);
      const outcome = { service: "a", provider_id: "a", success: false, error: "no answer" };
      await ask("POST", "/v1/outcomes", { outcomes: [outcome, { ...outcome, provider_id: "b" }] }, headers);
    }
  }

  const logged = () => spies.flatMap((spy) => spy.mock.calls.map((line) => line.map(String).join(" ")));
  return { registry, backend, answers, logged, askEverything };
}

describe("a secret", () => {
  it("appears in no answer and in no log line, whatever goes wrong", async () => {
    const { registry, backend, answers, logged, askEverything } = await overheard();
    const { bridge, prefix } = backend;
    const { lease_token: stale } = await registry.register(AGENT, bearer(OWNER.token));
    const { lease_token: current } = await registry.register(AGENT, bearer(OWNER.token));
    const provider = await registry.post<{ lease_token: string }>(
      "/v1/toolsets",
      TOOLSET,
      bearer(OWNER.token),
    );
    const leaseKeys = await bridge.raw<string[]>("KEYS", `${prefix}:*:lease:*:a:*`);
    const fences = leaseKeys.map((key) => key.split(":").at(-1)!);
    expect(fences).toHaveLength(2);

    await askEverything(stale);
    for (const kind of ["status", "command-error", "garbage"] as const) {
      await bridge.fail({ kind });
      await askEverything(current);
    }
    await bridge.heal();
    await askEverything(current);
    await askEverything(provider.body.lease_token);

    const everything = [...answers, ...logged()];
    // Or there would be nothing to search: each of these is what a leak would ride on.
    for (const word of ['"owner":"robin"', "lease_lost", "store_unavailable", "unauthorized"]) {
      expect(
        everything.some((text) => text.includes(word)),
        word,
      ).toBe(true);
    }
    for (const code of ["store_unavailable", "unauthorized", "forbidden", "lease_lost"]) {
      expect(
        logged().some((line) => line.includes(`"code":"${code}"`)),
        code,
      ).toBe(true);
    }
    expect(
      logged().some((line) => line.includes('"operation":"sweep"') && line.includes('"key":"boss"')),
    ).toBe(true);

    const tokens = [OWNER.token, ADMIN.token, READER.token, STRANGER, bridge.token];
    const digests = await Promise.all(tokens.map(digestOf));
    for (const secret of [...tokens, ...digests, ...fences, stale, current, provider.body.lease_token]) {
      expect(everything.filter((text) => text.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
    }
  });

  it("is told once, to whoever registers, and not again to who reads the entry", async () => {
    const { registry } = await overheard();
    const { lease_token } = await registry.register(AGENT, bearer(OWNER.token));
    const { body } = await registry.post<{ lease_token: string }>(
      "/v1/toolsets",
      TOOLSET,
      bearer(OWNER.token),
    );
    const answers = ROUTES.filter(({ scope }) => scope === "read").map(({ path }) =>
      registry.fetch(path, { headers: bearer(ADMIN.token) }),
    );
    for (const answer of await Promise.all(answers)) {
      expect(answer.status).toBe(200);
      const text = await answer.text();
      for (const token of [lease_token, body.lease_token]) expect(text).not.toContain(token.split(".")[3]);
    }
  });
});
