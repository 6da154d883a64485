import { describe, expect, it } from "vitest";
import { namespacesOf, parseConfig } from "../src/config.ts";
import { DEFAULT_QUOTA } from "../src/core/limits.ts";
import { apiKeys, digestOf } from "./support/keys.ts";

const REDIS = { UPSTASH_REDIS_REST_URL: "https://eu1.upstash.io", UPSTASH_REDIS_REST_TOKEN: "s3cret" };
const KEY = { name: "robin", sha256: "ab".repeat(32), scopes: ["write"], namespace: "team-1" };
const keyed = (...keys: unknown[]) => ({ API_KEYS: JSON.stringify(keys) });

const DATABASE = { name: "eu", url: "https://eu2.upstash.io", token: "s3cret-2", namespaces: ["team-1"] };
const databases = (...listed: unknown[]) => JSON.stringify(listed);

/** Why the deployment is closed; "" when it is not. */
function whyClosed(env: Record<string, unknown>): string {
  const { access } = parseConfig(env);
  return access.mode === "closed" ? access.why : "";
}

describe("an environment that makes sense", () => {
  it("has defaults for everything but access", () => {
    const { redis, lease, access } = parseConfig({});
    expect({ redis, lease }).toEqual({
      redis: null,
      lease: { ttlSeconds: 300, legacyTtlSeconds: 300, heartbeatIntervalSeconds: 30 },
    });
    expect(access.mode).toBe("closed");
  });

  it("keeps what it is told, to the letter", () => {
    const lease = {
      AGENT_TTL_SECONDS: "90",
      LEGACY_TTL_SECONDS: "100",
      HEARTBEAT_INTERVAL_SECONDS: "45",
    };
    const numbers = {
      ...lease,
      REDIS_TIMEOUT_MS: "1",
      PING_INTERVAL_SECONDS: "5",
      MISSED_PING_THRESHOLD: "2",
      RESULT_TTL_SECONDS: "60",
      EVENTS_KEPT_HOURS: "2",
      EVENTS_MEGABYTES: "7",
      HUBS_PER_REGION: "3",
      HEARTBEATS_PER_SECOND_MAX: "900",
      REDIS_READS: "nearest",
      KEY_LIMITS: '{"agents":5}',
    };
    expect(parseConfig({ ...REDIS, ...numbers, REDIS_PREFIX: "my_app-2", ACCESS: "open" })).toEqual({
      access: { mode: "open" },
      redis: {
        url: "https://eu1.upstash.io",
        token: "s3cret",
        timeoutMs: 1,
        prefix: "my_app-2",
        reads: "nearest",
      },
      databases: [],
      embeddedShards: 1,
      signingKey: null,
      lease: { ttlSeconds: 90, legacyTtlSeconds: 100, heartbeatIntervalSeconds: 45 },
      ping: { intervalMs: 5000, missedMax: 2 },
      resultKeptMs: 60_000,
      eventsKept: { ms: 7_200_000, chars: 7_000_000 },
      hubsPerRegion: 3,
      limits: { ...DEFAULT_QUOTA, key: { ...DEFAULT_QUOTA.key, agents: 5 } },
      heartbeatsPerSecondMax: 900,
    });
  });

  it("takes a signing key of 43 characters or more, which it does not repeat", () => {
    const SIGNING_KEY = "k".repeat(43);
    expect(parseConfig({ SIGNING_KEY }).signingKey).toBe(SIGNING_KEY);
    expect(parseConfig({ SIGNING_KEY: "" }).signingKey).toBeNull();
    const why = whyClosed({ SIGNING_KEY: "too-short-for-a-key", ACCESS: "open" });
    expect(why).toBe("SIGNING_KEY must have at least 43 characters.");
  });

  it("pings every 10 s and forgives 3 misses where nothing else is said", () => {
    expect(parseConfig({}).ping).toEqual({ intervalMs: 10_000, missedMax: 3 });
  });

  it("keeps a call's result for 15 minutes where nothing else is said", () => {
    expect(parseConfig({}).resultKeptMs).toBe(900_000);
  });

  it("takes numbers for numbers, as wrangler.toml may have them", () => {
    const { lease } = parseConfig({ AGENT_TTL_SECONDS: 90, HEARTBEAT_INTERVAL_SECONDS: 45 });
    expect(lease).toEqual({ ttlSeconds: 90, legacyTtlSeconds: 90, heartbeatIntervalSeconds: 45 });
  });

  it("gives redis a timeout and a prefix where none is set", () => {
    expect(parseConfig(REDIS).redis).toMatchObject({ timeoutMs: 2000, prefix: "rollcall" });
  });

  it.each([
    "AGENT_TTL_SECONDS",
    "LEGACY_TTL_SECONDS",
    "HEARTBEAT_INTERVAL_SECONDS",
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
    "REDIS_TIMEOUT_MS",
    "REDIS_PREFIX",
    "REDIS_DATABASES",
    "EMBEDDED_SHARDS",
    "PING_INTERVAL_SECONDS",
    "MISSED_PING_THRESHOLD",
    "RESULT_TTL_SECONDS",
    "EVENTS_KEPT_HOURS",
    "EVENTS_MEGABYTES",
    "HUBS_PER_REGION",
    "LIMITS",
    "KEY_LIMITS",
    "HEARTBEATS_PER_SECOND_MAX",
    "API_KEYS",
    "ACCESS",
  ])("takes an empty %s for an absent one", (name) => {
    expect(parseConfig({ [name]: "" })).toEqual(parseConfig({}));
  });

  it.each([
    { name: "PING_INTERVAL_SECONDS", edges: ["1", "3600"] },
    { name: "MISSED_PING_THRESHOLD", edges: ["0", "100"] },
    { name: "RESULT_TTL_SECONDS", edges: ["1", "86400"] },
    { name: "EVENTS_KEPT_HOURS", edges: ["1", "8760"] },
    { name: "EVENTS_MEGABYTES", edges: ["1", "1000"] },
    { name: "HUBS_PER_REGION", edges: ["1", "1000"] },
    { name: "LIMITS", edges: ["{}", '{"agents":0}'] },
    { name: "KEY_LIMITS", edges: ['{"agents":0,"toolsets":1,"terms":2,"bytes":3,"entry_terms":4}'] },
    { name: "HEARTBEATS_PER_SECOND_MAX", edges: ["0", "1000000"] },
    { name: "AGENT_TTL_SECONDS", edges: ["60", "86400"] },
    { name: "LEGACY_TTL_SECONDS", edges: ["60", "86400"] },
    { name: "HEARTBEAT_INTERVAL_SECONDS", edges: ["1", "150"] },
    { name: "REDIS_TIMEOUT_MS", edges: ["1", "30000"] },
    { name: "REDIS_PREFIX", edges: ["a", "A".repeat(64), "a_b-9"] },
    { name: "UPSTASH_REDIS_REST_URL", edges: ["http://127.0.0.1:8079", "https://x.upstash.io/"] },
  ])("admits $name at the edges of what it may be", ({ name, edges }) => {
    for (const value of edges) {
      expect(whyClosed({ ...REDIS, ACCESS: "open", [name]: value }), value).toBe("");
    }
  });
});

describe("a binding that makes no sense", () => {
  it.each([
    { name: "AGENT_TTL_SECONDS", values: ["1", "86401", "90.5", "NaN", "-300", "five", "300s", " "] },
    { name: "LEGACY_TTL_SECONDS", values: ["1", "59", "86401", "60s"] },
    { name: "HEARTBEAT_INTERVAL_SECONDS", values: ["0", "43201", "1.5", "x"] },
    { name: "RESULT_TTL_SECONDS", values: ["0", "86401", "1.5", "15m"] },
    { name: "EVENTS_KEPT_HOURS", values: ["0", "8761", "1.5", "2d"] },
    { name: "EVENTS_MEGABYTES", values: ["0", "1001", "0.5", "1GB"] },
    { name: "HUBS_PER_REGION", values: ["0", "1001", "1.5", "many"] },
    { name: "LIMITS", values: ["1", "[]", '{"agents":-1}', '{"agents":1.5}', '{"agent":1}', "many"] },
    { name: "KEY_LIMITS", values: ['{"bytes":"1"}', "{"] },
    { name: "HEARTBEATS_PER_SECOND_MAX", values: ["-1", "1000001", "1.5", "never"] },
    { name: "REDIS_TIMEOUT_MS", values: ["0", "30001", "2.5", "2s", "Infinity"] },
    { name: "REDIS_PREFIX", values: ["a:b", "a b", "A".repeat(65), "*"] },
    {
      name: "UPSTASH_REDIS_REST_URL",
      values: ["redis://h:6379", "eu1.upstash.io", "https://", "https:// x"],
    },
    {
      name: "REDIS_DATABASES",
      values: [
        "{",
        "{}",
        "[]",
        "null",
        '["eu"]',
        databases({ ...DATABASE, url: "redis://h:6379" }),
        [DATABASE],
      ],
    },
    { name: "EMBEDDED_SHARDS", values: ["0", "17", "1.5", "two", "2"] },
    { name: "ACCESS", values: ["Open", "true", "closed", "OPEN", "*"] },
    { name: "API_KEYS", values: ["{", "{}", "robin", "null", '[{"name":"robin"}]', '["robin"]'] },
    { name: "API_KEYS_2", values: ["nonsense"] },
    { name: "API_KEYS", values: [{ get: () => "[]" }, [KEY], true] },
    { name: "ACCESS", values: [true, {}] },
    { name: "UPSTASH_REDIS_REST_TOKEN", values: [{}] },
  ])("closes the deployment and is named: $name $values", ({ name, values }) => {
    for (const value of values) {
      const why = whyClosed({ ...REDIS, ...keyed(KEY), ACCESS: "open", [name]: value });
      expect(why, JSON.stringify(value)).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it.each(["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"])(
    "is half a Redis configuration: %s alone",
    (name) => {
      const why = whyClosed({ ACCESS: "open", [name]: "https://s3cret.example" });
      expect(why).toContain("UPSTASH_REDIS_REST_URL");
      expect(why).toContain("UPSTASH_REDIS_REST_TOKEN");
      expect(why).not.toContain("s3cret");
    },
  );

  it.each([
    { AGENT_TTL_SECONDS: "59" },
    { HEARTBEAT_INTERVAL_SECONDS: "151" },
    { AGENT_TTL_SECONDS: "99", HEARTBEAT_INTERVAL_SECONDS: "50" },
  ])("is a lease shorter than two heartbeats: %j", (terms) => {
    const why = whyClosed({ ACCESS: "open", ...terms });
    expect(why).toContain("AGENT_TTL_SECONDS");
    expect(why).toContain("HEARTBEAT_INTERVAL_SECONDS");
  });

  it("is never the only one named when there are more", () => {
    const why = whyClosed({ ACCESS: "yes", REDIS_TIMEOUT_MS: "0", API_KEYS: "?", API_KEYS_3: "?" });
    for (const name of ["ACCESS", "REDIS_TIMEOUT_MS", "API_KEYS", "API_KEYS_3"]) {
      expect(why).toMatch(new RegExp(`\\b${name} `));
    }
  });

  it("is named without its value, which may be a secret", () => {
    const secret = "hunter:2 ";
    for (const name of [
      "AGENT_TTL_SECONDS",
      "LEGACY_TTL_SECONDS",
      "HEARTBEAT_INTERVAL_SECONDS",
      "UPSTASH_REDIS_REST_URL",
      "REDIS_TIMEOUT_MS",
      "REDIS_PREFIX",
      "API_KEYS",
      "API_KEYS_2",
      "ACCESS",
    ]) {
      const why = whyClosed({ ...REDIS, [name]: secret });
      expect(why, name).toMatch(new RegExp(`\\b${name}\\b`));
      expect(why, name).not.toContain("hunter");
    }
    const wrong = whyClosed(
      keyed({ ...KEY, name: secret, [secret]: secret, sha256: secret, scopes: [secret] }),
    );
    expect(wrong).toContain("API_KEYS");
    expect(wrong).not.toContain("hunter");
  });
});

describe("REDIS_DATABASES", () => {
  const whyNot = (...listed: unknown[]) =>
    whyClosed({ ...REDIS, ACCESS: "open", REDIS_DATABASES: databases(...listed) });

  it("lists databases with the namespaces that live there", () => {
    const other = { ...DATABASE, name: "us", namespaces: ["team-1", "team-2"] };
    const env = { ...REDIS, ACCESS: "open", REDIS_DATABASES: databases(DATABASE, other) };
    expect(parseConfig(env)).toMatchObject({ access: { mode: "open" }, databases: [DATABASE, other] });
  });

  it.each([
    { what: "no name", database: { ...DATABASE, name: undefined }, at: "0.name" },
    { what: "a name with spaces", database: { ...DATABASE, name: "a b" }, at: "0.name" },
    { what: "no token", database: { ...DATABASE, token: "" }, at: "0.token" },
    { what: "no namespace", database: { ...DATABASE, namespaces: [] }, at: "0.namespaces" },
    { what: "a namespace in capitals", database: { ...DATABASE, namespaces: ["A"] }, at: "0.namespaces.0" },
    { what: "an unknown field", database: { ...DATABASE, region: "eu" }, at: "0" },
  ])("refuses $what, and says where", ({ database, at }) => {
    const why = whyNot(database);
    expect(why).toContain(`(wrong at ${at})`);
    expect(why).not.toContain("s3cret");
  });

  it("refuses a name that two have: where an id lives follows from it", () => {
    expect(whyNot(DATABASE, { ...DATABASE, namespaces: ["team-2"] })).toContain("REDIS_DATABASES");
  });

  it("is nothing without a database for every other namespace", () => {
    const why = whyClosed({ ACCESS: "open", REDIS_DATABASES: databases(DATABASE) });
    expect(why).toContain("REDIS_DATABASES goes with UPSTASH_REDIS_REST_URL");
  });
});

it("EMBEDDED_SHARDS spreads the embedded store over up to 16 objects", () => {
  for (const shards of [1, 16]) {
    const config = parseConfig({ ACCESS: "open", EMBEDDED_SHARDS: String(shards) });
    expect(config).toMatchObject({ access: { mode: "open" }, embeddedShards: shards });
  }
});

describe("API_KEYS", () => {
  it.each([
    { what: "no name", key: { ...KEY, name: undefined }, at: "0.name" },
    { what: "an empty name", key: { ...KEY, name: "" }, at: "0.name" },
    { what: "a name too long", key: { ...KEY, name: "n".repeat(129) }, at: "0.name" },
    { what: "no digest", key: { ...KEY, sha256: undefined }, at: "0.sha256" },
    { what: "a digest too short", key: { ...KEY, sha256: "ab".repeat(31) }, at: "0.sha256" },
    { what: "a digest that is not hex", key: { ...KEY, sha256: "xy".repeat(32) }, at: "0.sha256" },
    { what: "no scopes", key: { ...KEY, scopes: [] }, at: "0.scopes" },
    { what: "a scope nobody knows", key: { ...KEY, scopes: ["read", "root"] }, at: "0.scopes.1" },
    { what: "a namespace in capitals", key: { ...KEY, namespace: "Team" }, at: "0.namespace" },
    { what: "an empty namespace", key: { ...KEY, namespace: "" }, at: "0.namespace" },
    { what: "a namespace too long", key: { ...KEY, namespace: "n".repeat(64) }, at: "0.namespace" },
    { what: "an unknown field", key: { ...KEY, token: "plain" }, at: "0" },
  ])("refuses $what, says where, and lets nobody in", ({ key, at }) => {
    expect(whyClosed({ ...keyed(key), ACCESS: "open" })).toContain(`(wrong at ${at})`);
  });

  it("finds a key by its digest, however the hex was written", async () => {
    const sha256 = await digestOf("robin-token");
    for (const written of [sha256, sha256.toUpperCase()]) {
      const { access } = parseConfig(keyed({ ...KEY, sha256: written }));
      expect(access).toEqual({
        mode: "keys",
        keys: new Map([[sha256, { name: "robin", scopes: ["write"], namespace: "team-1" }]]),
      });
    }
  });

  it("is read from every numbered variable too, and from no other", async () => {
    const list = (name: string) => apiKeys([{ name, token: name, scopes: ["read"] }]);
    const { access } = parseConfig({
      API_KEYS: await list("one"),
      API_KEYS_2: await list("two"),
      API_KEYS_10: await list("ten"),
      API_KEYS_OLD: await list("old"),
      OLD_API_KEYS: await list("older"),
    });
    const names = access.mode === "keys" ? [...access.keys.values()].map(({ name }) => name) : [];
    expect(names.toSorted()).toEqual(["one", "ten", "two"]);
  });

  it("is enough in a numbered variable alone", async () => {
    const API_KEYS_2 = await apiKeys([{ name: "two", token: "t", scopes: ["read"] }]);
    expect(parseConfig({ API_KEYS_2 }).access.mode).toBe("keys");
  });

  it("lets one name have several keys, as a rotation needs", async () => {
    const keys = ["old", "new"].map((token) => ({ name: "robin", token, scopes: ["write"] as const }));
    const { access } = parseConfig({
      API_KEYS: await apiKeys(keys.map((key) => ({ ...key, scopes: [...key.scopes] }))),
    });
    expect(access).toMatchObject({ mode: "keys" });
    expect(access.mode === "keys" && access.keys.size).toBe(2);
  });

  it("wins over ACCESS=open", () => {
    expect(parseConfig({ ...keyed(KEY), ACCESS: "open" }).access.mode).toBe("keys");
  });

  it("closes the deployment when it is an empty list, and says what to set", () => {
    expect(whyClosed({ API_KEYS: "[]" })).toContain("API_KEYS");
  });

  it("closes the deployment when one digest stands for two keys, in one variable or across two", () => {
    const other = { ...KEY, namespace: "team-2" };
    expect(whyClosed(keyed(KEY, other))).toContain("API_KEYS lists one digest twice");
    const across = { ...keyed(KEY), API_KEYS_2: JSON.stringify([other]) };
    expect(whyClosed(across)).toContain("API_KEYS_2 lists one digest twice");
  });

  it("puts a key that names no namespace into the default one", () => {
    const { access } = parseConfig(keyed({ ...KEY, namespace: undefined }));
    const [key] = access.mode === "keys" ? [...access.keys.values()] : [];
    expect(key?.namespace).toBe("default");
  });
});

describe("the namespaces to sweep", () => {
  it.each([
    { access: "keys", env: keyed(KEY, { ...KEY, sha256: "cd".repeat(32) }), expected: ["default", "team-1"] },
    { access: "open access", env: { ACCESS: "open" }, expected: ["default"] },
    { access: "none", env: {}, expected: ["default"] },
  ])("are the default and those of the keys, once each: $access", ({ env, expected }) => {
    expect(namespacesOf(parseConfig(env).access)).toEqual(expected);
  });
});
