import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { UsageError } from "../usage-error.ts";
import { command } from "../command.ts";
import { messageOf } from "../explain.ts";
import { visible } from "../table.ts";
import { toolNames, toolsetNames } from "../values.ts";

export const call = command({
  description: "Call a tool: its output goes to standard error as it comes, its result to standard output",
  examples: [
    'call text upper --payload \'{"text":"hi"}\'',
    "call text upper --payload @payload.json",
    "call text upper --payload - --json",
  ],
  args: {
    toolset: { type: "positional", required: true, description: "The toolset", values: toolsetNames },
    tool: { type: "positional", required: true, description: "The tool", values: toolNames },
    payload: { type: "string", description: "JSON; @file reads a file, - standard input ({})" },
    "run-id": { type: "string", alias: "run", description: "The run that the call belongs to (a new one)" },
    "session-id": { type: "string", alias: "session", description: "The session (a new one)" },
    "tool-call-id": {
      type: "string",
      alias: "id",
      description: "Sent again, it is the same call (a new one)",
    },
  },
  async run({ args, client, io, answer }) {
    const { toolset, tool, payload: given = "{}" } = args;
    const payload = parsed(await textOf(given, io.readInput));
    const meta = {
      run_id: args["run-id"] ?? randomUUID(),
      session_id: args["session-id"] ?? randomUUID(),
      ...(args["tool-call-id"] !== undefined && { tool_call_id: args["tool-call-id"] }),
    };
    const onDelta = ({ delta }: { delta: string }) =>
      void io.err.write(io.err.isTTY ? delta.split("\n").map(visible).join("\n") : delta);
    const called = await client.callTool({ toolset, tool, payload, meta }, { onDelta, signal: io.ending });
    answer(called, () => `${JSON.stringify(called.result, null, 2)}\n`);
  },
});

function textOf(given: string, readInput: () => Promise<string>): Promise<string> | string {
  if (given === "-") return readInput();
  return given.startsWith("@") ? readFile(given.slice(1), "utf8") : given;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--payload is not JSON: ${messageOf(error)}`);
  }
}
