import { describe, expect, it } from "vitest";
import { populate } from "../../support/populate.ts";
import { openServices, type Services } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";
import { healthEndpoints, redirect } from "../../support/health-endpoints.ts";

/** The registry cannot be made to attack anyone: not many at a time, not many to one, not many a run. */

const hostOf = (url: string) => new URL(url).hostname;
const offering = (health_url: string) => ({ services: [{ service: "llm" }], health_url });

describe.each(BACKENDS)("health checks on $backend", ({ openBackend }) => {
  function open() {
    const { asked, fetchHealth } = healthEndpoints(() => new Response("ok"));
    const services = openServices({ backend: openBackend(), fetchHealth });
    /** Sweeps once: whom that asked. */
    const sweep = async () => {
      asked.length = 0;
      const { body } = await services.post("/v1/sweep");
      expect(body["checked"]).toBe(asked.length);
      return [...asked];
    };
    return { services, asked, sweep };
  }
  const register = (services: Services, urls: readonly string[]) =>
    populate(services, urls.length, (i) => offering(urls[i]!));
  const urlsOn = (host: string, count: number) =>
    Array.from({ length: count }, (_, i) => `https://${host}/${i}`);

  it("are made six at a time", async () => {
    let now = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const { fetchHealth } = healthEndpoints(async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((release) => {
        waiting.push(release);
        // Nobody goes on before six have come.
        if (waiting.length === 6) for (const next of waiting.splice(0)) next();
      });
      now -= 1;
      return new Response("ok");
    });
    const services = openServices({ backend: openBackend(), fetchHealth });
    await register(services, [
      ...urlsOn("a.example", 6),
      ...urlsOn("b.example", 6),
      ...urlsOn("c.example", 6),
    ]);
    const { body } = await services.post("/v1/services/health-checks");
    expect(Object.keys(body)).toHaveLength(18);
    expect(most).toBe(6);
  });

  it("reach a host six times a run, and all who are on it in turns", async () => {
    const { services, sweep } = open();
    const crowd = urlsOn("crowd.example", 14);
    await register(services, ["https://first.example/", ...crowd, "https://last.example/"]);
    const runs = [await sweep(), await sweep(), await sweep()];
    for (const run of runs) {
      expect(run.filter((url) => hostOf(url) === "crowd.example").length).toBeLessThanOrEqual(6);
    }
    expect(runs[0]).toEqual(["https://first.example/", ...crowd.slice(0, 6), "https://last.example/"]);
    expect(runs[1]).toEqual([...crowd.slice(6, 12), "https://last.example/"]);
    expect(runs[2]).toEqual([...crowd.slice(12), "https://last.example/"]);
    expect(await sweep()).toEqual(runs[0]);
  });

  it("reach a host no more often by way of others, and blame nobody for what was not learnt", async () => {
    const { asked, fetchHealth } = healthEndpoints((url) =>
      hostOf(url) === "victim.example"
        ? new Response("no", { status: 500 })
        : redirect("https://victim.example/"),
    );
    const services = openServices({ backend: openBackend(), fetchHealth });
    await register(
      services,
      Array.from({ length: 20 }, (_, i) => `https://host-${i}.example/`),
    );
    const { body } = await services.post<Record<string, boolean>>("/v1/services/health-checks");
    expect(asked.filter((url) => hostOf(url) === "victim.example")).toHaveLength(6);
    expect(Object.values(body)).toEqual(Array<boolean>(6).fill(false));
  });

  it("take a host for the same however it is written", async () => {
    const { services, sweep } = open();
    const spellings = ["https://crowd.example/", "https://CROWD.example./", "https://crowd.example:443/"];
    await register(
      services,
      Array.from({ length: 9 }, (_, i) => spellings[i % 3]!),
    );
    expect(await sweep()).toHaveLength(6);
  });

  it("are 200 a run, and reach everybody in turns", async () => {
    const { services, asked, sweep } = open();
    const urls = Array.from({ length: 450 }, (_, i) => `https://h${i}.example/`);
    await register(services, urls);
    const runs = [await sweep(), await sweep(), await sweep()];
    expect(runs.map(({ length }) => length)).toEqual([200, 200, 50]);
    expect(runs.flat()).toEqual(urls);
    expect(await sweep()).toEqual(runs[0]);

    asked.length = 0;
    await services.post("/v1/services/health-checks");
    expect(asked).toEqual(urls.slice(0, 200));
    expect(await sweep(), "not moved by a check by hand").toEqual(runs[1]);
  });

  it("reach everybody when crowds and loners are mixed and some have no health_url", async () => {
    const { services, sweep } = open();
    const urls = Array.from({ length: 600 }, (_, i) => {
      if (i % 5 === 4) return undefined;
      return i % 5 === 0 ? `https://crowd-${i % 15}.example/${i}` : `https://h${i}.example/`;
    });
    await populate(services, urls.length, (i) => ({
      services: [{ service: "llm" }],
      ...(urls[i] !== undefined && { health_url: urls[i] }),
    }));
    const reached = new Set<string>();
    for (let run = 0; run < 20; run += 1) {
      const asked = await sweep();
      expect(asked.length).toBeLessThanOrEqual(200);
      const perHost = Map.groupBy(asked, hostOf);
      for (const [host, list] of perHost) expect(list.length, host).toBeLessThanOrEqual(6);
      for (const url of asked) reached.add(url);
    }
    expect(reached.size).toBe(480);
  });

  it("go on from the beginning when those they were to go on with are gone", async () => {
    const { services, sweep } = open();
    const urls = Array.from({ length: 201 }, (_, i) => `https://h${i}.example/`);
    await register(services, urls);
    expect(await sweep()).toHaveLength(200);
    await services.call("DELETE", "/v1/agents/agent-00200");
    await sweep();
    expect(await sweep()).toEqual(urls.slice(0, 200));
  });
});
