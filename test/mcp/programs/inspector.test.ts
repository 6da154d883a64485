import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, inject, it } from "vitest";
import type { ListedTool, Result } from "../support/clients.ts";
import { keyOf } from "../support/keys.ts";

const PROGRAM = fileURLToPath(
  new URL("../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js", import.meta.url),
);

/** Runs the Inspector's command line without a terminal; rejects with its output unless it ends well. */
async function inspector<T>(...args: string[]): Promise<T> {
  const target = [`${inject("keyedUrl")}/mcp`, "--transport", "http", "--format", "json"];
  const running = promisify(execFile)(process.execPath, [PROGRAM, "--cli", ...target, ...args], {
    // It keeps what it knows of servers there.
    env: { ...process.env, HOME: inject("home") },
  });
  running.child.stdin!.end();
  const { stdout } = await running;
  return (JSON.parse(stdout) as { result: T }).result;
}
const withKey = ["--header", `Authorization: Bearer ${keyOf("ann")}`];

describe.concurrent.each(["legacy", "modern"])("the Inspector, %s", (era) => {
  const run = <T>(...args: string[]) => inspector<T>("--protocol-era", era, ...args);
  const call = (name: string, ...args: string[]) =>
    run<Result>(...withKey, "--method", "tools/call", "--tool-name", name, "--tool-arg", ...args);

  it("lists the tools of all servers, and finds no fault with their schemas", async () => {
    const { tools } = await run<{ tools: ListedTool[] }>(...withKey, "--method", "tools/list", "--strict");
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "rollcall__find_tools",
        "memory__read_graph",
        "sequential-thinking__sequentialthinking",
        "everything-http__echo",
      ]),
    );
  });

  it("calls a tool, and gets its value and its text", async () => {
    const { structuredContent, content } = await call(
      "everything-http__get-structured-content",
      "location=Chicago",
    );
    expect(structuredContent).toMatchObject({ temperature: 36 });
    expect(JSON.parse(content[0]!.text!)).toEqual(structuredContent);
  });

  it("waits for a call that reports its progress for seconds", async () => {
    const name = "everything-http__trigger-long-running-operation";
    const { content } = await call(name, "duration=2", "steps=4");
    expect(content[0]!.text).toContain("completed");
  });

  it("says that a key is missing", async () => {
    await expect(run("--method", "tools/list")).rejects.toThrow("auth_required");
  });
});
