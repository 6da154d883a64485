import { randomUUID } from "node:crypto";
import type { CallToolResult, InputRequiredResult, Progress, Tool } from "@modelcontextprotocol/client";
import { type CallContext, ToolError, ToolOutput } from "../client/index.ts";
import type { Connection } from "./connection.ts";

/** A claim lapses after 60 s without output. */
const BEAT_MS = 20_000;
/** Then the call fails, so that a server that has forgotten it does not keep it for ever. */
const SILENCE_MS_MAX = 15 * 60_000;
/** The longest timer that there is: the silence above is what ends a call. */
const TIMEOUT_MS = 2 ** 31 - 1;
const STREAM = "progress";
const CLIENT_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
/** Of one call, waiting to be sent. Beyond that only the newest waits: it says what those before it did. */
const WAITING_MAX = 8;

/**
 * Passes one call on to an MCP server: its progress goes to the stream `progress` as JSON, its content blocks beside the result.
 *
 * @param given  the arguments
 * @throws {ToolError} `tool_error` if the server says that the tool failed; `input_required` if it asks the caller back;
 * `timeout` after 15 minutes without progress; {Error} the MCP client's for anything else
 */
export async function forward(
  { client, progress }: Connection,
  { name, inputSchema }: Pick<Tool, "name" | "inputSchema">,
  given: Record<string, unknown>,
  { signal, trace, mcp, delta }: CallContext,
  onProgress: (said: Progress) => void,
): Promise<ToolOutput> {
  const progressToken = randomUUID();
  const silence = new AbortController();
  let silentMs = 0;
  const beat = setInterval(() => {
    silentMs += BEAT_MS;
    if (silentMs < SILENCE_MS_MAX) void delta(STREAM, "");
    else
      silence.abort(new ToolError("timeout", "The MCP server has said nothing of the call for 15 minutes."));
  }, BEAT_MS);
  const send = newest((said: Progress) => delta(STREAM, JSON.stringify(said)));
  progress.set(progressToken, (said) => {
    silentMs = 0;
    send(said);
    onProgress(said);
  });
  try {
    const { clientCapabilities, ...answers } = mcp ?? {};
    const result = await client.callTool(
      {
        name,
        arguments: given,
        ...answers,
        _meta: {
          ...trace,
          progressToken,
          // It is the caller's client that will be asked back, so what it can do counts, and not what this one can.
          ...(clientCapabilities && { [CLIENT_CAPABILITIES]: clientCapabilities }),
        },
      },
      {
        signal: AbortSignal.any([signal, silence.signal]),
        timeout: TIMEOUT_MS,
        allowInputRequired: true,
        // Without an output schema: the registry checks the result, and what asks back is none.
        toolDefinition: { name, inputSchema },
      },
    );
    if (isInputRequired(result)) throw asksBack(result);
    const { content, structuredContent, isError } = result;
    if (isError) throw new ToolError("tool_error", textOf(content), { server_data: content });
    return new ToolOutput(structuredContent, { server_data: content });
  } catch (error) {
    throw silence.signal.aborted ? silence.signal.reason : error;
  } finally {
    clearInterval(beat);
    progress.delete(progressToken);
  }
}

/** The type of `callTool` leaves out what `allowInputRequired` allows. */
const isInputRequired = (result: CallToolResult | InputRequiredResult): result is InputRequiredResult =>
  result.resultType === "input_required";

const asksBack = ({ inputRequests, requestState }: InputRequiredResult): ToolError =>
  new ToolError(
    "input_required",
    "The tool needs an answer of its caller's, for which its client has to ask.",
    {
      server_data: [{ inputRequests, requestState }],
    },
  );

/** Sends in order; of many that wait, the newest. */
function newest<T>(send: (value: T) => Promise<unknown>): (value: T) => void {
  let waiting = 0;
  let last: { value: T } | undefined;
  const push = (value: T): void => {
    if (waiting === WAITING_MAX) {
      last = { value };
      return;
    }
    waiting += 1;
    void send(value).then(() => {
      waiting -= 1;
      if (last === undefined) return;
      const { value: next } = last;
      last = undefined;
      push(next);
    });
  };
  return push;
}

function textOf(content: readonly { type: string; text?: unknown }[]): string {
  const texts = content.flatMap(({ type, text }) =>
    type === "text" && typeof text === "string" ? [text] : [],
  );
  return texts.join("\n") || "The tool failed.";
}
