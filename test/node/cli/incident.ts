import { describe, expect, it } from "vitest";
import { type Open, scout } from "./opened.ts";

export function actsOnAgents(open: Open): void {
  describe("an agent", () => {
    it("is among what is said to be wrong, and nothing is known before the first sweep", async () => {
      const { client, rollcall } = open();
      expect((await rollcall(["alerts"])).out).toBe("nothing is known before the first sweep\n");
      await client.agents.register(scout);
      await client.sweep();
      expect((await rollcall(["alerts"])).out).toMatch(/^nothing is wrong, as of \d+ s ago\n$/);
      await client.agents.drain("agent/scout");
      await client.sweep();
      const { out, code } = await rollcall(["alerts"]);
      expect(code).toBe(0);
      expect(out).toMatch(/^critical +service_unusable +llm +\d+ s +None of its 1 provider can be chosen\./m);
      expect(out).toMatch(/^2 alerts, as of \d+ s ago$/m);
    });

    it("is shown with all that is known of it, and removed", async () => {
      const { rollcall, client } = open();
      await client.agents.register({ ...scout, endpoint: "https://scout.example/", metadata: { zone: "b" } });
      const { code, out } = await rollcall(["get", "agent/scout"]);
      expect(code).toBe(0);
      expect(out).toMatch(/^id +agent\/scout\n/);
      expect(out).toMatch(/\nstatus +available\n(.+\n)*load +3 of 10, 30%\nheard +\d s ago, every 30 s\n/);
      expect(out).toMatch(
        /\nat +https:\/\/scout\.example\/\ncapabilities +web_search\nmetadata +\{"zone":"b"\}\n/,
      );
      expect(out).toMatch(/\nllm +everyone +NORMAL +0 +fallback\n$/);
      const record = JSON.parse((await rollcall(["get", "agent/scout", "--json"])).out) as object;
      expect(Object.keys(record)).toEqual(Object.keys(await client.agents.get("agent/scout")));

      expect(await rollcall(["unregister", "agent/scout"])).toEqual({
        code: 0,
        out: "agent/scout is unregistered\n",
        err: "",
      });
      await expect(client.agents.get("agent/scout")).rejects.toMatchObject({ code: "agent_not_found" });
    });

    it("is one of those with a capability, which are counted by name", async () => {
      const { rollcall, client } = open();
      expect((await rollcall(["capabilities"])).out).toBe("no capabilities\n");
      await client.agents.register({ ...scout, capabilities: ["web_search", "web_fetch", "draw"] });
      expect((await rollcall(["capabilities", "web_", "-n", "1"])).out).toBe(
        "NAME       AGENTS\nweb_fetch  1\n1 capability; there are more\n",
      );
      expect((await rollcall(["capabilities"])).out).toContain("\n3 capabilities\n");
    });
  });
}

export function actsOnServices(open: Open): void {
  describe("a service", () => {
    it("has its choices shown, its provider given another priority, and its breaker closed", async () => {
      const { rollcall, client } = open();
      expect((await rollcall(["selections", "llm"])).out).toBe("no selections\n");
      await client.agents.register({
        ...scout,
        services: [{ service: "llm", circuit_breaker: { failure_threshold: 1 } }],
      });
      const { selection_id } = await client.services.resolve("llm", { handler: "chat" });
      await client.services.report({ service: "llm", provider_id: scout.id, selection_id, success: false });
      expect((await rollcall(["resolve", "llm", "--handler", "chat"])).code).toBe(6);
      const { out } = await rollcall(["selections", "llm"]);
      expect(out).toMatch(
        /Z +chat +nobody +agent\/scout: .+\n.+Z +chat +agent\/scout +closed\n2 selections\n$/,
      );
      expect((await rollcall(["selections", "llm", "-n", "1"])).out).toContain("1 selection\n");

      expect((await rollcall(["breakers", "reset", "llm"])).out).toBe("1 breaker closed\n");
      expect((await rollcall(["resolve", "llm", "--handler", "chat"])).code).toBe(0);
      const prioritised = await rollcall(
        "priority agent/scout low --group 2 --service llm --strategy round_robin".split(" "),
      );
      expect(prioritised.out).toBe(
        "agent/scout for llm: LOW in group 2, ROUND_ROBIN (was NORMAL in group 0, FALLBACK)\n",
      );
      expect((await rollcall(["resolve", "llm"])).out).toContain("LOW in group 2, round_robin, for everyone");
    });

    it("is probed, and a probe that fails is exit code 1", async () => {
      const { rollcall, client, url } = open();
      expect(await rollcall(["check"])).toEqual({ code: 0, out: "no provider has a health_url\n", err: "" });
      await client.agents.register({ ...scout, health_url: `${url}/health` });
      expect((await rollcall(["check"])).code).toBe(0);
      await client.agents.register({ ...scout, id: "agent/ill", health_url: `${url}/nothing` });
      const { code, out } = await rollcall(["check"]);
      expect(code).toBe(1);
      expect(out).toMatch(
        /\nglobal\.llm\.agent\/ill +unhealthy\nglobal\.llm\.agent\/scout +healthy\n2 providers\n$/,
      );
    });

    it("is waited for until it has a provider; without one, whether the store answers is asked", async () => {
      const { rollcall, client } = open();
      expect((await rollcall(["ready"])).out).toBe("ready: embedded\n");
      const none = await rollcall(["ready", "--service", "llm", "--timeout", "0", "--json"]);
      expect({ code: none.code, out: none.out }).toEqual({ code: 6, out: "" });
      expect(JSON.parse(none.err)).toMatchObject({ code: "services_not_ready", missing: ["llm"] });
      await client.agents.register(scout);
      expect((await rollcall(["ready", "--service", "llm"])).out).toBe("llm is ready: 1 provider\n");
    });
  });
}
