import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type Open, scout } from "./opened.ts";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

export function completes(open: Open): void {
  describe("completion", () => {
    it("offers commands, their second words and their options, by the beginning of the last word", async () => {
      const { rollcall } = open();
      const offers = async (...words: string[]) =>
        (await rollcall(["complete", ...words])).out.split("\n").slice(0, -1);
      expect(await offers("")).toEqual(expect.arrayContaining(["stats", "keys", "completion", "help"]));
      expect(await offers("re")).toEqual(["ready", "register", "resolve", "restore"]);
      expect(await offers("keys", "")).toEqual(["list", "create", "rotate", "revoke", "new"]);
      expect(await offers("toolsets", "s")).toEqual(["show"]);
      expect(await offers("help", "breakers", "")).toEqual(["reset"]);
      expect(await offers("list", "--ca")).toEqual(["--capability"]);
      expect(await offers("list", "")).toEqual([]);
      expect(await offers("bridge", "x", "--", "--")).toEqual([]);
      expect(await offers("list", "--watch", "--st")).toEqual(["--status"]);
    });

    it("offers values: the registry's words, and what is registered now", async () => {
      const { rollcall, client } = open();
      await client.agents.register({
        ...scout,
        services: [{ service: "llm" }, { service: "ocr", handler: "chat" }],
      });
      await using _ = await client.serveToolset({
        name: "text",
        description: "",
        tools: { upper: { payload_schema: {}, result_schema: {}, handle: () => "" } },
      });
      const offers = async (line: string) =>
        (await rollcall(["complete", ...line.split(" ")])).out.split("\n").slice(0, -1);
      expect(await offers("list --status un")).toEqual(["unhealthy", "unreachable"]);
      expect(await offers("list --status=un")).toEqual(["--status=unhealthy", "--status=unreachable"]);
      expect(await offers("list --type ")).toEqual(["research"]);
      expect(await offers("events --type drain")).toEqual(["drain_requested", "drain_cancelled"]);
      expect(await offers("get ag")).toEqual(["agent/scout"]);
      expect(await offers("get agent/scout ")).toEqual([]);
      expect(await offers("priority --group 1 agent/scout N")).toEqual(["NORMAL"]);
      expect(await offers("find web")).toEqual(["web_search"]);
      expect((await offers("resolve ")).toSorted()).toEqual(["llm", "ocr"]);
      expect(await offers("resolve ocr --handler ")).toEqual(["chat"]);
      expect(await offers("toolsets show ")).toEqual(["text"]);
      expect(await offers("call text ")).toEqual(["upper"]);
      expect(await offers("keys new ci --scope ")).toEqual(["read", "write", "admin"]);
      expect(await offers("completion ")).toEqual(["bash", "zsh", "fish"]);
    });

    it("offers nothing, and says nothing, where the registry does not answer or knows nothing", async () => {
      const { rollcall } = open();
      for (const line of ["get --url http://127.0.0.1:1 ", "call nothing ", "get --url ftp://x "]) {
        const result = await rollcall(["complete", ...line.split(" ")]);
        expect(result, line).toEqual({ code: 0, out: "", err: "" });
      }
    });

    it("offers no word that a shell would expand, run, or take as an option", async () => {
      const { rollcall, client } = open();
      const hostile = [
        "$(touch x)",
        "`id`",
        "a;b",
        "a b",
        "*",
        "~",
        "--all",
        "a'b",
        'a"b',
        "a\\b",
        "$HOME",
        "a&b",
        "a|b",
      ];
      await client.agents.register({ ...scout, capabilities: [...hostile, "plain", "名前"] });
      const { out } = await rollcall(["complete", "find", ""]);
      expect(out.split("\n").slice(0, -1).toSorted()).toEqual(["plain", "名前"]);
    });

    it("works in bash, over the marks at which bash divides words", async () => {
      const { client, env, rollcall } = open();
      await client.agents.register({ ...scout, id: "team:a/scout@1" });
      const dir = await mkdtemp(join(tmpdir(), "rollcall-completion-"));
      const program = join(dir, "rollcall");
      await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
      await chmod(program, 0o755);
      const { out: completion } = await rollcall(["completion", "bash"]);
      // What bash sets when Tab is pressed at the end of the line.
      const script = `${completion}
        press() {
          COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDS=(rollcall) COMPREPLY=()
          _rollcall
          printf '[%s]' "\${COMPREPLY[@]}"
        }
        press "rollcall get team:a/s"; press "rollcall list --status=unr"; press "rollcall priority x "`;
      const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-c", script], {
        env: { ...env, PATH: `${dir}${delimiter}${process.env["PATH"]}` },
      });
      await rm(dir, { recursive: true });
      expect({ stdout, stderr }).toEqual({
        stdout: "[a/scout@1][unreachable][CRITICAL][HIGH][NORMAL][LOW][FALLBACK]",
        stderr: "",
      });
    });
  });
}
