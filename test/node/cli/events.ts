import { describe, expect, it } from "vitest";
import { type Open, type Opened, scout } from "./opened.ts";

const told = (out: string) =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(/ {2,}/).slice(2).join(" "));

/** Five events, of two agents. */
async function history({ client }: Opened): Promise<void> {
  await client.agents.register(scout);
  await client.agents.register({ id: "agent/atlas", name: "atlas", type: "worker" });
  await client.agents.drain("agent/scout");
  await client.agents.cancelDrain("agent/scout");
  await client.agents.unregister("agent/atlas");
}

const ALL = [
  "unregistered agent/atlas",
  "drain_cancelled agent/scout",
  "drain_requested agent/scout",
  "registered agent/atlas",
  "registered agent/scout",
];

export function events(open: Open): void {
  describe("events", () => {
    it("come newest first: so many, of one id, of any of some types", async () => {
      const opened = open();
      await history(opened);
      const { rollcall } = opened;
      const asked = async (...rest: string[]) => told((await rollcall(["events", ...rest])).out);
      expect(await asked()).toEqual(ALL);
      expect(await asked("-n", "2")).toEqual(ALL.slice(0, 2));
      expect(await asked("--id", "agent/atlas")).toEqual([ALL[0], ALL[3]]);
      expect(await asked("--type", "registered", "--type", "unregistered", "--limit", "2")).toEqual([
        ALL[0],
        ALL[3],
      ]);
    });

    it("of a status say what it was and what it is", async () => {
      const { client, rollcall } = open();
      const { agent_id, lease_token } = await client.agents.register(scout);
      await client.agents.heartbeat(agent_id, { status: "busy" }, { leaseToken: lease_token });
      const { out } = await rollcall(["events", "--type", "status_changed"]);
      expect(told(out)).toEqual(["status_changed agent/scout available → busy"]);
    });

    it("of one agent or toolset come from its own log, with the agent's uptime", async () => {
      const opened = open();
      await history(opened);
      const { rollcall, client } = opened;
      await client.toolsets.register({ name: "text", tools: [{ name: "upper", payload_schema: {} }] });
      const asked = async (...rest: string[]) => (await rollcall(["events", ...rest])).out;
      expect(told(await asked("--agent", "agent/scout", "-n", "2"))).toEqual([
        ALL[1],
        ALL[2],
        expect.stringMatching(/^$/),
      ]);
      expect(await asked("--agent", "agent/scout")).toMatch(/\nreachable  100\.0 % of 0\.0 h\n$/);
      expect(told(await asked("--toolset", "text"))).toEqual(["registered text"]);
      const json = await asked("--agent", "agent/atlas", "--type", "unregistered", "--json");
      expect(JSON.parse(json)).toMatchObject({ type: "unregistered", id: "agent/atlas" });
      const { out, code } = await rollcall(["events", "--agent", "a", "--follow"]);
      expect([out, code]).toEqual(["", 2]);
    });

    it("say what changed, who did it and why", async () => {
      const { client, rollcall } = open();
      const { agent_id, lease_token } = await client.agents.register({ ...scout, metadata: { b: 1 } });
      const metadata = { a: "x".repeat(50), b: null, c: [1], d: 2 };
      await client.agents.heartbeat(agent_id, { metadata }, { leaseToken: lease_token });
      await rollcall(["drain", agent_id, "--reason", "a new disk"]);
      const { out } = await rollcall(["events", "-n", "2"]);
      expect(told(out)).toEqual([
        'drain_requested agent/scout "a new disk"',
        `amended agent/scout metadata/b 1 → none metadata/a none → ${"x".repeat(39)}… metadata/c none → [1] and 1 more`,
      ]);
    });

    it("begin so long ago, at an instant, or after an event", async () => {
      const opened = open();
      await history(opened);
      const { events: kept } = await opened.client.events();
      const since = async (text: string, now = Date.parse(kept[2]!.at)) =>
        told((await opened.rollcall(["events", "--since", text], { now: () => now })).out);
      const third = Date.parse(kept[2]!.at);
      const later = ALL.filter((_, i) => Date.parse(kept[ALL.length - 1 - i]!.at) >= third);
      expect(await since("10m", third + 600_000)).toEqual(later);
      expect(await since("1.5h", third + 5_400_000)).toEqual(later);
      expect(await since(kept[2]!.at)).toEqual(later);
      expect(await since("1d", third + 2 * 86_400_000)).toEqual([]);
      expect(await since(kept[1]!.cursor)).toEqual(ALL.slice(0, 3));
      expect(await since(kept[4]!.cursor)).toEqual([]);
    });

    it("are followed oldest first, from the last few on, each once, until Ctrl-C", async () => {
      const opened = open();
      await history(opened);
      const ending = new AbortController();
      const following = opened.rollcall(["events", "--follow", "-n", "2", "--id", "agent/scout", "--json"], {
        ending: ending.signal,
        async onOut(text) {
          const lines = text.trimEnd().split("\n");
          if (lines.length === 2) await opened.client.agents.drain("agent/scout");
          if (lines.length === 3) ending.abort();
        },
      });
      const { code, out } = await following;
      expect(code).toBe(0);
      const lines = out.trimEnd().split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { revision: number }).revision)).toEqual([3, 4, 6]);
    });

    it("are followed from now on where none of those before are shown", async () => {
      const opened = open();
      await history(opened);
      const ending = new AbortController();
      const first = await opened.client.latestEvents({ limit: 1 });
      const following = opened.rollcall(["events", "--follow", "-n", "0", "--json"], {
        ending: ending.signal,
        onOut: () => ending.abort(),
      });
      await opened.client.agents.drain("agent/scout");
      const { out } = await following;
      const [shown] = out.split("\n");
      expect(JSON.parse(shown!)).toMatchObject({ revision: first.events[0]!.revision + 1 });
    });
  });
}
