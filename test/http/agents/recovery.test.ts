import { describe, expect, it } from "vitest";
import { sweep } from "../../support/agents.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { type Backend, BACKENDS, type RedisBackend, redisBackend } from "../../support/stores.ts";

const BRIEF = { ttl_seconds: 16, heartbeat_interval_seconds: 8 };
const READS = [
  "/v1/discover?capability=spot",
  "/v1/discover?exact=true",
  "/v1/agents",
  "/v1/agents?limit=10&status=available",
  "/v1/stats",
  "/v1/capabilities",
  "/agents",
  "/agents/type/worker",
];

interface Answer {
  agents?: unknown[];
  capabilities?: unknown[];
  total_components?: number;
  lapsed?: number;
  recovering?: true;
}

const STORES: { name: string; open: () => Backend & Partial<Pick<RedisBackend, "bridge">> }[] = [
  { name: "redis", open: redisBackend },
  { name: "embedded", open: BACKENDS[1].openBackend },
];

describe.each(STORES)("50 agents whom the store on $name could not hear for 20 s", ({ open }) => {
  it("are no empty list to any reader, and all back within an interval, without a registration", async () => {
    const opened = open();
    const registry = new Registry({ backend: opened });
    const agents = await populate(registry, 50, () => ({ capabilities: ["spot"], ...BRIEF }));
    const { bridge } = opened;
    await bridge?.fail({ kind: "status" });
    await registry.pass(20_000);
    expect((await registry.get("/v1/discover")).status).toBe(bridge ? 503 : 200);
    await bridge?.heal();

    const look = async () => {
      const misleading: string[] = [];
      for (const path of READS) {
        const { status, body } = await registry.get<Answer>(path);
        const { agents: found, capabilities, total_components, lapsed = 0, recovering } = body;
        const isEmpty = (found ?? capabilities)?.length === 0 || total_components === 0;
        if (status !== 200 || (isEmpty && lapsed === 0 && !recovering)) misleading.push(path);
      }
      expect(misleading).toEqual([]);
    };
    await look();
    expect((await registry.get<Answer>("/v1/discover?capability=spot")).body).toMatchObject({
      agents: [],
      lapsed: 50,
      recovering: true,
    });
    const { body: openly } = await registry.get<Answer & { fail_open?: true }>(
      "/v1/discover?capability=spot&fail_open=true",
    );
    expect([openly.agents?.length, openly.fail_open]).toEqual([50, true]);
    for (let second = 0; second < 8; second += 1) {
      await registry.pass(1000);
      if (second === 3) await sweep(registry);
      const due = agents.filter((_, i) => i % 8 === second);
      for (const { id, leaseToken } of due) {
        const { status, body } = await registry.heartbeat(id, leaseToken, {
          status: "available",
          current_load: 0,
        });
        expect([status, body["restored"]]).toEqual([200, true]);
      }
      await look();
    }
    const { body } = await registry.get<Answer>("/v1/discover?capability=spot");
    expect([body.agents?.length, body.lapsed, body.recovering]).toEqual([50, 0, undefined]);
  });
});

describe.each(BACKENDS)("lapsed agents on $backend", ({ openBackend }) => {
  const lapsedAmong = async (lapsing: number, living: number) => {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, lapsing + living, (i) => (i < lapsing ? BRIEF : {}));
    await registry.pass(16_001);
    const discovered = (await registry.get<Answer>("/v1/discover")).body;
    const listed = (await registry.get<Answer>("/v1/agents?limit=200")).body;
    const stats = (await registry.get<Answer>("/v1/stats")).body;
    return [discovered, listed, stats].map(({ lapsed, recovering }) => [lapsed, recovering ?? false]);
  };

  it.each([
    [4, 0, false],
    [5, 0, true],
    [5, 28, true],
    [5, 29, false],
    [6, 34, true],
  ])("of which there are %i, beside %i living, are recovering: %j", async (lapsing, living, recovering) => {
    const said = [lapsing, recovering];
    expect(await lapsedAmong(lapsing, living)).toEqual([said, said, said]);
  });

  it("and unreachable ones come where nobody passes, if asked for, but never who withdrew or is drained", async () => {
    const registry = new Registry({ backend: openBackend() });
    const slow = { ttl_seconds: 300, heartbeat_interval_seconds: 8 };
    for (const [id, fields] of [
      ["lapsed", { ...BRIEF, current_load: 1 }],
      ["lapsed-idle", BRIEF],
      ["silent", { ...slow, current_load: 7 }],
      ["silent-busy", { ...slow, status: "busy" }],
      ["silent-full", { ...slow, current_load: 9 }],
      ["silent-unfit", { ...slow, health_score: 0.1 }],
      ["silent-drained", slow],
      ["offline", { ...slow, status: "offline" }],
      ["lapsed-maintenance", { ...BRIEF, status: "maintenance" }],
      ["lapsed-drained", BRIEF],
    ] as const) {
      await registry.register({ id, capabilities: ["spot"], ...fields });
      if (id.endsWith("drained")) await registry.post(`/v1/agents/${id}/drain`);
    }
    await registry.pass(16_001);
    type Found = { agents: { id: string }[]; fail_open?: true; excluded: { id: string }[] };
    const discover = async (query: string) =>
      (await registry.get<Found>(`/v1/discover?capability=spot&explain=true${query}`)).body;
    expect(await discover("")).toMatchObject({ agents: [] });
    const found = await discover("&fail_open=true");
    expect(found.agents.map(({ id }) => id)).toEqual(["silent", "lapsed-idle", "lapsed"]);
    expect(found.fail_open).toBe(true);
    expect(found.excluded).toHaveLength(7);
    expect((await discover("&fail_open=true&status=busy")).agents.map(({ id }) => id)).toEqual([
      "silent-busy",
    ]);

    await registry.register({ id: "well", capabilities: ["spot"] });
    const well = await discover("&fail_open=true");
    expect([well.agents.map(({ id }) => id), well.fail_open]).toEqual([["well"], undefined]);
  });
});
