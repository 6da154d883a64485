import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, inject, it } from "vitest";
import { connectTo } from "../support/clients.ts";
import { keyOf } from "../support/keys.ts";

const PROGRAM = fileURLToPath(new URL("../node_modules/mcp-remote/dist/proxy.js", import.meta.url));

/** The command with which a client of stdio alone reaches the Worker. */
const args = (...more: string[]) => [
  PROGRAM,
  `${inject("keyedUrl")}/mcp`,
  "--transport",
  "http-only",
  "--allow-http",
  ...more,
];
// It keeps what it knows of servers there.
const env = { MCP_REMOTE_CONFIG_DIR: inject("home") };

const connect = () =>
  connectTo({
    command: process.execPath,
    args: args("--header", `Authorization:Bearer ${keyOf("ann")}`),
    env,
    stderr: "ignore",
  });

describe.concurrent("mcp-remote", () => {
  it("lists the tools of all servers", async () => {
    await using client = await connect();
    expect((await client.tools()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["rollcall__find_tools", "memory__read_graph", "everything-http__echo"]),
    );
  });

  it("hands on a call, and its value and text", async () => {
    await using client = await connect();
    const location = "Chicago";
    const { structuredContent, content } = await client.call("everything-http__get-structured-content", {
      location,
    });
    expect(structuredContent).toMatchObject({ temperature: 36 });
    expect(JSON.parse(content[0]!.text!)).toEqual(structuredContent);
  });

  it("hands on the progress of a call that takes seconds, and then its result", async () => {
    await using client = await connect();
    const seen: number[] = [];
    const { content } = await client.call(
      "everything-http__trigger-long-running-operation",
      { duration: 2, steps: 4 },
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    expect(content[0]!.text).toContain("completed");
    // The fourth comes with the result, and clients are known to drop what comes with it.
    expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
  });

  it("ends with what the Worker said where a key is missing", async () => {
    const running = promisify(execFile)(process.execPath, args(), { env: { ...process.env, ...env } });
    await expect(running).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Send Authorization: Bearer <API key>.") as string,
    });
  });
});
