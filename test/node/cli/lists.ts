import { describe, expect, it } from "vitest";
import { ManualPause } from "../../support/manual-pause.ts";
import { startProxy } from "../../support/proxy.node.ts";
import type { Open, Opened } from "./opened.ts";

const ESCAPE = "\u001B";

/** Ids in the first column. */
const idsIn = (out: string) => [...out.matchAll(/^agent\/(\w+) /gm)].map(([, id]) => id);

async function fleet({ client }: Opened): Promise<void> {
  await client.agents.import(
    Array.from({ length: 203 }, (_, i) => ({
      type: "z",
      name: `z${String(i).padStart(3, "0")}`,
      activated: true,
    })),
  );
  for (const [id, current_load, health_score] of [
    ["b", 2, 0.5],
    ["a", 8, 0.9],
    ["c", 5, 0.1],
  ] as const)
    await client.agents.register({ id: `agent/${id}`, name: id, type: "t", current_load, health_score });
}

export function lists(open: Open): void {
  describe("list", () => {
    it("is as long as it is to be, in the order that is asked for, over every page", async () => {
      const opened = open();
      const { rollcall } = opened;
      await fleet(opened);
      expect(idsIn((await rollcall(["list", "-n", "2"])).out)).toEqual(["a", "b"]);
      const byLoad = ["list", "--sort", "load_ratio", "--order", "desc", "--limit"];
      expect(idsIn((await rollcall([...byLoad, "3"])).out)).toEqual(["a", "c", "b"]);
      expect(idsIn((await rollcall([...byLoad, "2"])).out)).toEqual(["a", "c"]);
      expect(idsIn((await rollcall(["list", "--sort", "health_score", "-n", "2"])).out)).toEqual(["c", "b"]);
      expect(idsIn((await rollcall(["list", "--type", "t", "--order", "desc"])).out)).toEqual([
        "c",
        "b",
        "a",
      ]);
      expect((await rollcall(["list"])).out).toContain("\n206 agents\n");
      const { out } = await rollcall(["list", "--sort", "type", "--order", "desc", "-n", "201", "--json"]);
      const found = JSON.parse(out) as { count: number; agents: { id: string }[] };
      expect(found.count).toBe(201);
      expect([0, 200].map((i) => found.agents[i]!.id)).toEqual(["z/z000", "z/z200"]);
    });

    it("asks for no more than it shows, where ids are the order", async () => {
      const opened = open();
      await fleet(opened);
      const proxy = await startProxy(opened.url, { sockets: true });
      await opened.rollcall(["list", "-n", "3", "--url", proxy.url]);
      await opened.rollcall(["list", "-n", "201", "--url", proxy.url]);
      await proxy.stop();
      const limits = proxy.requests.map((line) =>
        new URL(line.slice(4), opened.url).searchParams.get("limit"),
      );
      expect(limits).toEqual(["3", "200", "1"]);
    });

    it("is shown anew until Ctrl-C, and stays as it was seen last while the registry does not answer", async () => {
      const opened = open();
      await opened.client.agents.register({ id: "agent/a", name: "a", type: "t" });
      const proxy = await startProxy(opened.url, { sockets: true });
      const pause = new ManualPause();
      const ending = new AbortController();
      const frames: string[] = [];
      let at = Date.UTC(2026, 0, 1, 12, 0, 0);
      const running = opened.rollcall(["list", "--watch", "--url", proxy.url], {
        isTTY: true,
        columns: 60,
        rows: 24,
        ending: ending.signal,
        now: () => at,
        wait: pause.pause,
        onOut: (text) => frames.push(text.slice(frames.join("").length)),
      });
      expect(await pause.begun(1)).toEqual([2000]);
      await opened.client.agents.register({ id: "agent/b", name: "b", type: "t" });
      at += 2000;
      pause.end();
      await pause.begun(2);
      await proxy.stop();
      pause.end();
      await pause.begun(3);
      ending.abort();
      pause.end();
      expect((await running).code).toBe(0);

      expect(frames).toHaveLength(3);
      for (const frame of frames) expect(frame.startsWith(`${ESCAPE}[H${ESCAPE}[J`)).toBe(true);
      expect(frames.map(idsIn)).toEqual([["a"], ["a", "b"], ["a", "b"]]);
      const heads = frames.map((frame) => frame.split("\n")[0]!.replace(`${ESCAPE}[H${ESCAPE}[J`, ""));
      expect(heads.slice(0, 2)).toEqual([
        "as of 12:00:00; every 2 s, Ctrl-C ends",
        "as of 12:00:02; every 2 s, Ctrl-C ends",
      ]);
      expect(heads[2]).toMatch(/^as of 12:00:02; now: The registry cannot be reached/);
      expect(heads[2]).toHaveLength(60);
    });

    it("that is shown anew is a line of JSON each, for programs, and as long as the terminal is high, for people", async () => {
      const opened = open();
      await fleet(opened);
      const ending = new AbortController();
      const ended = { ending: ending.signal, wait: async () => ending.abort() };
      const { out } = await opened.rollcall(["list", "--watch", "--json", "-n", "2"], ended);
      expect(out.trimEnd().split("\n")).toHaveLength(1);
      expect(JSON.parse(out)).toMatchObject({ count: 2 });
      const again = new AbortController();
      const shown = await opened.rollcall(["list", "--watch"], {
        isTTY: true,
        columns: 80,
        rows: 10,
        ending: again.signal,
        wait: async () => again.abort(),
      });
      expect(shown.out.split("\n")).toHaveLength(10);
    });

    it("ends with the registry's refusal, which waiting does not mend", async () => {
      const { code, err } = await open().rollcall(["list", "--watch", "--type", "t", "--status", "asleep"]);
      expect(code).toBe(4);
      expect(err).toContain("/status/0");
    });

    it("fits the terminal: the last column is cut first, the ids last, and they keep both ends", async () => {
      const { client, rollcall } = open();
      const capabilities = ["translate", "summarise", "読む読む読む読む読む読む"];
      const id = `agent/${"x".repeat(34)}`;
      await client.agents.register({ id, name: "x", type: "research", capabilities });
      const linesAt = async (columns: number) =>
        (await rollcall(["list"], { isTTY: true, columns, env: { NO_COLOR: "1" } })).out.split("\n");
      const cells = async (columns: number) => {
        const [heading, line] = await linesAt(columns);
        // Each of its wide characters takes two columns.
        const wide = line!.match(/[読む]/g)?.length ?? 0;
        expect(Math.max(heading!.length, line!.length + wide)).toBeLessThanOrEqual(columns);
        return line!.replace(/\d s/, "0 s").split(/ {2,}/);
      };
      expect((await cells(200)).at(-1)).toBe(capabilities.join(", "));
      expect(await cells(119)).toEqual([
        id,
        "research",
        "available",
        "1.00",
        "0%",
        "0 s ago",
        "translate, summarise, 読む読む読…",
      ]);
      expect(await cells(92)).toEqual([id, "research", "available", "1.00", "0%", "0 s ago", "trans…"]);
      expect(await cells(87)).toEqual([id, "resea…", "avail…", "1.00", "0%", "0 s ago", "trans…"]);
      expect(await cells(66)).toEqual([
        `agent/${"x".repeat(4)}…${"x".repeat(9)}`,
        "resea…",
        "avail…",
        "1.00",
        "0%",
        "0 s a…",
        "trans…",
      ]);
      expect((await cells(56))[0]).toBe("agent…xxxx");
    });
  });
}
