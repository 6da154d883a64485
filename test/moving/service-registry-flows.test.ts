import { describe, expect, it } from "vitest";
import { type AskedRegistry, GROUNDS, OPERATOR } from "../support/moving.ts";
import type { Refusal, Resolved } from "../support/services.ts";

const provider = (registry: AskedRegistry, id: string, ...services: object[]) =>
  registry.register({ id, type: "provider", heartbeat_interval_seconds: null, services });
const getService = (registry: AskedRegistry, service: string, query = "") =>
  registry.get<Resolved & Refusal>(`/v1/services/${service}/resolve${query}`);

/** What its handlers did: get the service, call it, and tell the breaker. */
async function call(registry: AskedRegistry, isUp: (id: string) => boolean): Promise<string | undefined> {
  const { status, body } = await getService(registry, "llm");
  if (status !== 200) return undefined;
  const {
    provider: { id: provider_id },
    selection_id,
  } = body;
  await registry.post("/v1/outcomes", {
    service: "llm",
    provider_id,
    selection_id,
    success: isUp(provider_id),
  });
  return provider_id;
}
async function callTimes(registry: AskedRegistry, count: number, isUp: (id: string) => boolean) {
  const ids: (string | undefined)[] = [];
  while (ids.length < count) ids.push(await call(registry, isUp));
  return ids;
}

describe.each(GROUNDS)("a runtime of the service registry, on $where,", ({ lay }) => {
  const open = () => lay().open();

  it("starts when its required services are there, and each handler gets what it needs", async () => {
    const registry = open();
    const required = "service=communication&service=memory&service=audit&service=llm";
    const ready = () => registry.get(`/v1/services/ready?timeout=0&${required}`);
    await provider(registry, "DiscordAdapter", {
      handler: "*",
      service_type: "communication",
      priority: "HIGH",
      capabilities: ["async_messaging", "file_upload", "rich_embeds"],
    });
    await provider(registry, "CLIAdapter", {
      service_type: "communication",
      capabilities: ["text_input", "console_output"],
    });
    expect((await ready()).body).toMatchObject({ missing: ["memory", "audit", "llm"] });
    for (const service of ["memory", "audit", "llm"]) await provider(registry, service, { service });
    expect((await ready()).status).toBe(200);

    const speaker = (query: string) => getService(registry, "communication", `?handler=SpeakHandler${query}`);
    expect((await speaker("&required_capabilities=async_messaging")).body.provider.id).toBe("DiscordAdapter");
    expect((await speaker("&required_capabilities=console_output")).body.provider.id).toBe("CLIAdapter");
    expect((await speaker("&required_capabilities=telepathy")).body.code).toBe("no_provider_available");
  });

  it("falls from group to group as providers fail, and comes back", async () => {
    const registry = open();
    const inGroup = (priority_group: number, priority: string, strategy = "FALLBACK") => ({
      service_type: "llm",
      priority_group,
      priority,
      strategy,
    });
    await provider(registry, "OpenAI", inGroup(0, "CRITICAL"));
    await provider(registry, "Anthropic", inGroup(0, "HIGH"));
    await provider(registry, "LocalLLM1", inGroup(1, "NORMAL", "ROUND_ROBIN"));
    await provider(registry, "LocalLLM2", inGroup(1, "NORMAL", "ROUND_ROBIN"));
    await provider(registry, "MockLLM", inGroup(2, "FALLBACK"));
    const down = new Set<string>();
    const isUp = (id: string) => !down.has(id);

    expect(await callTimes(registry, 2, isUp)).toEqual(["OpenAI", "OpenAI"]);
    down.add("OpenAI");
    expect((await callTimes(registry, 7, isUp)).slice(4)).toEqual(["OpenAI", "Anthropic", "Anthropic"]);
    down.add("Anthropic");
    await callTimes(registry, 5, isUp);
    expect(await callTimes(registry, 4, isUp)).toEqual(["LocalLLM1", "LocalLLM2", "LocalLLM1", "LocalLLM2"]);
    down.add("LocalLLM1").add("LocalLLM2");
    await callTimes(registry, 10, isUp);
    expect(await call(registry, isUp)).toBe("MockLLM");
    const { body: health } = await registry.get("/v1/runtime/services/health");
    expect(health).toMatchObject({ overall_health: "unhealthy", total_services: 5, healthy_services: 1 });

    down.clear();
    await registry.pass(60_000);
    expect(await callTimes(registry, 4, isUp)).toEqual(["OpenAI", "OpenAI", "OpenAI", "OpenAI"]);
    await registry.post("/v1/runtime/services/circuit-breakers/reset", undefined, OPERATOR);
    const { body: reset } = await registry.get("/v1/runtime/services/health");
    expect(reset).toMatchObject({ overall_health: "healthy", unhealthy_services: 0 });

    const body = { priority: "CRITICAL", priority_group: 0, strategy: "FALLBACK" };
    const path = "/v1/runtime/services/LocalLLM2/priority";
    expect((await registry.call("PUT", path, body, OPERATOR)).body).toMatchObject({ success: true });
    expect(await call(registry, isUp)).toBe("LocalLLM2");
  });
});
