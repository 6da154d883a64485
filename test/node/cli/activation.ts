import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Open } from "./opened.ts";

const skill = (name: string, fields: object = {}) => ({ type: "skill", name, activated: true, ...fields });

export function activation(open: Open): void {
  describe("an activation file", () => {
    it("is registered, counted, listed and found by the words of the registry whose format it is", async () => {
      const { rollcall, client } = open();
      const folder = await mkdtemp(join(tmpdir(), "rollcall-activation-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const file = join(folder, "component-activation-status.json");
      const components = [
        skill("review"),
        skill("old", { activated: false }),
        skill("scout", { type: "agent" }),
      ];
      await writeFile(file, JSON.stringify({ components }));
      const first = await rollcall(["register", "--file", file]);
      const none = "0 unchanged, 0 changed, 0 held, 0 removed, 1 skipped, 0 failed\n";
      expect(first).toEqual({ code: 0, out: `2 created, ${none}`, err: "" });
      expect((await rollcall(["stats"])).out).toMatch(/^agents +2\n/);
      const { out } = await rollcall(["list", "--type", "skill"]);
      expect(out).toMatch(/\nskill\/review +skill +available +1\.00 +0% .*\n1 agent\n$/);
      await client.agents.register({
        id: "agent/scout",
        name: "scout",
        type: "agent",
        capabilities: ["scouting"],
      });
      expect((await rollcall(["find", "scouting"])).out).toMatch(/\nagent\/scout .*\n1 of 1 agent\n$/);
      expect((await rollcall(["register", "--file", file])).out).toContain("1 unchanged, 0 changed, 1 held");
    });

    it("from standard input is of one source with all others from there, unless it is given one", async () => {
      const { rollcall } = open();
      const register = async (name: string, ...options: string[]) =>
        (await rollcall(["register", "--file", "-", ...options], { input: JSON.stringify([skill(name)]) }))
          .out;
      await register("a");
      expect(await register("b", "--source", "mine")).toMatch(/^1 created, .* 0 removed/);
      expect(await register("c")).toMatch(/^1 created, .* 1 removed/);
    });

    it("says where it stopped, and to programs nothing but the error", async () => {
      const { rollcall } = open();
      const input = JSON.stringify([skill("a"), skill("b", { reason: "x".repeat(300_000) })]);
      const argv = ["register", "--file", "-"];
      const people = await rollcall(argv, { input });
      expect(people.err).toMatch(
        /^stopped after 1 of 2; it can be run again from the start\nrollcall: .+\n$/,
      );
      const machines = await rollcall([...argv, "--json"], { input });
      expect({ code: machines.code, out: machines.out }).toEqual({ code: 4, out: "" });
      expect(JSON.parse(machines.err)).toMatchObject({ code: "payload_too_large" });
    });
  });
}
