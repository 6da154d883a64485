import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { EXIT } from "../../../src/cli/exit.ts";
import type { Open, Opened } from "./opened.ts";

const AWAY = { ROLLCALL_URL: "http://127.0.0.1:1" };

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rollcall-backup-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A registry with one of each. */
async function filled({ client }: Opened): Promise<void> {
  const services = [{ service: "llm" }];
  await client.agents.register({ id: "a", name: "a", type: "b", heartbeat_interval_seconds: null, services });
  await client.agents.drain("a");
  await client.services.setPriority("a", { priority: "HIGH" });
  await client.agents.register({ id: "living", name: "a", type: "b" });
  await client.agents.drain("living");
  await client.toolsets.register({ name: "tools", tools: [{ name: "x", payload_schema: {} }] });
}

export function backsUp(open: Open): void {
  describe("a backup", () => {
    it("is a file once it is complete, and restores what another registry lacks, as often as it is run", async () => {
      const opened = open();
      await filled(opened);
      const file = join(await folderOf(), "backup.ndjson");
      const made = await opened.rollcall(["export", "--out", file]);
      expect(made).toEqual({ code: 0, out: `8 lines in ${file}\n`, err: "" });
      expect((await opened.rollcall(["export"])).out.split("\n").slice(1)).toEqual(
        (await readFile(file, "utf8"))
          .split("\n")
          .slice(1)
          .map(() => expect.any(String) as string),
      );

      const { rollcall } = open();
      const counts = (outcome: string, agents: number, toolsets: number, drains: number, overrides: number) =>
        [outcome, agents, toolsets, drains, overrides].join(" ");
      const said = async (argv: readonly string[]) => {
        const { code, out, err } = await rollcall(argv);
        const [head, ...rows] = out
          .trimEnd()
          .split("\n")
          .map((line) => line.trim().split(/ {2,}/));
        const columns = head!.map((outcome, i) => [outcome, ...rows.map((row) => row[i + 1])].join(" "));
        return { code, columns, err };
      };
      const waiting = counts("WAITING", 1, 0, 1, 0);
      const err =
        "Agents that call in are not made: they come back by themselves.\n" +
        "Run it again once they are back: drains and overrides wait for their agents.\n";
      const kept = counts("KEPT", 0, 0, 0, 0);
      const planned = [counts("TO RESTORE", 1, 1, 1, 1), kept, waiting];
      expect(await said(["restore", file, "--dry-run"])).toEqual({ code: 0, columns: planned, err });
      const restored = [counts("RESTORED", 1, 1, 1, 1), kept, waiting];
      expect(await said(["restore", file])).toEqual({ code: 0, columns: restored, err });
      const again = [counts("RESTORED", 0, 0, 0, 0), counts("KEPT", 1, 1, 1, 1), waiting];
      expect(await said(["restore", file])).toEqual({ code: 0, columns: again, err });
    });

    it("says by its number which line is wrong, on whichever request it went, and restores the others", async () => {
      const { rollcall } = open();
      const agent = (id: string) =>
        JSON.stringify({
          kind: "agent",
          agent: { id, name: "a", type: "b", heartbeat_interval_seconds: null },
        });
      const lines = Array.from({ length: 250 }, (_, i) => agent(`a/${i}`));
      lines[230] = agent("not an id");
      const result = await rollcall(["restore", "-", "--json"], { input: lines.join("\n") });
      expect(result.code).toBe(EXIT.failed);
      expect(JSON.parse(result.out)).toMatchObject({
        complete: true,
        restored: { agents: 249 },
        failed: [{ line: 231, code: "invalid_request", errors: [{ pointer: "/agent/id" }] }],
      });
      const people = await rollcall(["restore", "-"], { input: lines.join("\n") });
      expect(people.err).toMatch(/^line 231: .+\n$/);
    });

    it("that was cut off restores what it has, and says so", async () => {
      const opened = open();
      await filled(opened);
      const { out } = await opened.rollcall(["export"]);
      const { rollcall } = open();
      const input = out.split("\n").slice(0, 2).join("\n");
      const { code, err } = await rollcall(["restore", "-"], { input });
      expect({ code, err }).toEqual({
        code: EXIT.failed,
        err: "The backup was cut off: it has no last line.\n",
      });
      expect((await rollcall(["get", "a"])).code).toBe(0);
    });

    it("that cannot be made leaves the one before as it is", async () => {
      const { rollcall } = open();
      const folder = await folderOf();
      const file = join(folder, "backup.ndjson");
      await writeFile(file, "the one before");
      const { code } = await rollcall(["export", "--out", file], { env: AWAY });
      expect(code).toBe(EXIT.unavailable);
      expect(await readFile(file, "utf8")).toBe("the one before");
      expect(await readdir(folder)).toEqual(["backup.ndjson"]);
    });

    it("shows its progress on a terminal, on standard error alone", async () => {
      const { rollcall } = open();
      const { out, err } = await rollcall(["export"], { isTTY: true });
      expect(err).toBe("\r\u001B[K2 lines\r\u001B[K");
      expect(out.trimEnd().split("\n")).toHaveLength(2);
      expect((await rollcall(["restore", "-"], { isTTY: true, input: out })).err).toContain("█ 3/3");
    });
  });
}
