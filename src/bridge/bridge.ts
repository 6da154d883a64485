import type { Progress, Tool } from "@modelcontextprotocol/client";
import { backoffMs, systemClock, wait } from "../client/clock.ts";
import {
  type CallContext,
  type Ending,
  type Registry,
  type ServedToolset,
  ToolError,
  type ToolsetDefinition,
} from "../client/index.ts";
import { connect, type Connection, type McpAddress } from "./connection.ts";
import { forward } from "./forward.ts";
import { type Choice, offeredTools } from "./offered-tools.ts";
import type { Sdk } from "./sdk.ts";

/** How often the tools are listed again, for servers that do not say when they change. */
const LIST_MS = 60_000;
/** A server that has been up for so long begins with the shortest wait when it is started again. */
const STEADY_MS = 60_000;
/** What the registry takes as a version. */
const SEMANTIC = /^v?\d+\.\d+\.\d+(-[a-zA-Z0-9.]+)?$/;

/** JSON-RPC's code. */
const INVALID_PARAMS = -32602;

type Definition = Omit<ToolsetDefinition, "name">;

/** What happens to a bridge. */
export type BridgeEvent =
  | { type: "serving" | "amended"; tools: number }
  /** What the registry does not take, or takes with a reservation. */
  | { type: "refused" | "warning"; text: string }
  | { type: "down"; reason: string; retry_ms: number }
  | { type: "up" }
  | ({ type: "progress"; tool: string } & Progress)
  | { type: "call"; tool: string; ms: number; error?: string };

export interface BridgeOptions extends Choice {
  toolset: string;
  tags: string[];
  address: McpAddress;
  /** How many calls at once, 1 to 100. */
  concurrency: number;
  /** Leaves when it is aborted: calls in hand are finished, then the child is ended. */
  signal: AbortSignal;
  report: (event: BridgeEvent) => void;
}

/**
 * Serves the tools of an MCP server as a toolset, until the signal is aborted.
 *
 * While the server is down its calls fail at once and no ping is answered, so that the toolset becomes unhealthy; it is started
 * or reached again with growing waits. The tools follow the server's list.
 *
 * @throws {Error} if the server cannot be started or reached at first, or offers nothing; {RollcallError} if the registry
 * refuses
 */
export const bridge = (registry: Registry, sdk: Sdk, options: BridgeOptions): Promise<Ending> =>
  new Bridge(sdk, options).run(registry);

class Bridge {
  readonly #sdk: Sdk;
  readonly #options: BridgeOptions;
  /** Undefined while the server is down. */
  #connection: Connection | undefined;
  /** The server is up, and what it lists is what is registered. */
  #isWell = false;
  /** Aborted when the server has to be looked at before the minute is over. */
  #idle = new AbortController();
  /** The list that is registered, or was refused, as JSON. */
  #listed = "";

  constructor(sdk: Sdk, options: BridgeOptions) {
    this.#sdk = sdk;
    this.#options = options;
  }

  async run(registry: Registry): Promise<Ending> {
    const { toolset: name, concurrency, signal, report } = this.#options;
    try {
      const { definition, listed } = await this.#list(await this.#connect(signal));
      this.#listed = listed;
      this.#isWell = true;
      const served = await registry.serveToolset(
        { ...definition, name },
        { concurrency, partial: true, signal, leaveOn: [], isWell: () => this.#isWell },
      );
      report({ type: "serving", tools: this.#taken(served, definition) });
      const ended = new AbortController();
      void served.ended.then(() => ended.abort());
      await this.#follow(served, AbortSignal.any([signal, ended.signal]));
      return await served.ended;
    } finally {
      await this.#connection?.close();
    }
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const connection = await connect(this.#sdk, this.#options.address, {
      signal,
      onToolsChanged: () => this.#idle.abort(),
    });
    this.#connection = connection;
    void connection.closed.then(() => {
      this.#connection = undefined;
      this.#isWell = false;
      this.#idle.abort();
    });
    return connection;
  }

  /** Keeps the server up, and its tools registered. Never rejects. */
  async #follow(served: ServedToolset, ended: AbortSignal): Promise<void> {
    let failures = 0;
    for (;;) {
      const since = Date.now();
      const reason = await this.#attend(served, ended);
      if (ended.aborted) return;
      failures = Date.now() - since > STEADY_MS ? 1 : failures + 1;
      const retry_ms = Math.round(backoffMs(systemClock, failures, Infinity));
      this.#options.report({ type: "down", reason, retry_ms });
      await wait(systemClock, retry_ms, ended);
    }
  }

  /**
   * Connects unless it is connected, and keeps the registered tools those of the server, until it is lost.
   *
   * @returns why it is lost
   */
  async #attend(served: ServedToolset, ended: AbortSignal): Promise<string> {
    try {
      const connection = this.#connection ?? (await this.#connect(ended));
      while (this.#connection === connection && !ended.aborted) {
        // Replaced before the list is read, so that a change in the meantime is not missed.
        this.#idle = new AbortController();
        await this.#refresh(served, connection);
        await wait(systemClock, LIST_MS, AbortSignal.any([ended, this.#idle.signal]));
      }
      return "it has ended";
    } catch (error) {
      await this.#connection?.close();
      return messageOf(error);
    }
  }

  async #refresh(served: ServedToolset, connection: Connection): Promise<void> {
    const { report } = this.#options;
    const { definition, listed } = await this.#list(connection);
    if (listed !== this.#listed) {
      this.#listed = listed;
      try {
        await served.amend(definition);
        report({ type: "amended", tools: this.#taken(served, definition) });
      } catch (error) {
        // It is served as it was before.
        report({ type: "refused", text: `the changed list of tools: ${messageOf(error)}` });
      }
    }
    if (this.#isWell || this.#connection !== connection) return;
    this.#isWell = true;
    report({ type: "up" });
  }

  async #list({ client, tools }: Connection): Promise<{ definition: Definition; listed: string }> {
    const listed = await tools();
    const offered = offeredTools(listed, this.#options, (tool) => this.#handlerOf(tool));
    if (Object.keys(offered).length === 0) throw new Error("the MCP server has no tool to offer");
    const { name, title = name, description = title, version } = client.getServerVersion() ?? {};
    const definition = {
      description,
      ...(version !== undefined && SEMANTIC.test(version) && { version }),
      tags: this.#options.tags,
      tools: offered,
    };
    return { definition, listed: JSON.stringify(listed) };
  }

  #handlerOf(definition: Tool) {
    const tool = definition.name;
    return async (given: Record<string, unknown>, context: CallContext): Promise<unknown> => {
      const { report } = this.#options;
      const since = performance.now();
      const done = (error?: string) =>
        report({ type: "call", tool, ms: performance.now() - since, ...(error !== undefined && { error }) });
      try {
        const connection = this.#connection;
        if (!connection) throw new ToolError("unavailable", "The MCP server of this toolset is down.");
        const output = await forward(connection, definition, given, context, (said) =>
          report({ type: "progress", tool, ...said }),
        );
        done();
        return output;
      } catch (thrown) {
        const error = context.signal.aborted
          ? context.signal.reason
          : this.#explained(thrown, context.mcp?.requestState);
        done(messageOf(error));
        throw error;
      }
    };
  }

  /**
   * What the MCP client threw. What is not the server's own answer may mean that the server is lost.
   *
   * @param state  what the call gave back of what the server gave with its questions
   */
  #explained(thrown: unknown, state: string | undefined): unknown {
    const { MissingRequiredClientCapabilityError, ProtocolError, SdkError, SdkErrorCode } = this.#sdk;
    if (thrown instanceof MissingRequiredClientCapabilityError) {
      // The capability is one of the caller's client, which is told so.
      const { message, requiredCapabilities } = thrown;
      return new ToolError("missing_client_capability", message, { server_data: [{ requiredCapabilities }] });
    }
    if (state !== undefined && thrown instanceof ProtocolError && thrown.code === INVALID_PARAMS)
      return new ToolError("invalid_request_state", thrown.message);
    if (thrown instanceof ToolError || thrown instanceof ProtocolError) return thrown;
    this.#idle.abort();
    return thrown instanceof SdkError && thrown.code === SdkErrorCode.ConnectionClosed
      ? new ToolError("unavailable", "The MCP server of this toolset ended during the call.")
      : thrown;
  }

  /** Reports what the registry has to say of the tools. @returns how many it took */
  #taken({ registered }: ServedToolset, { tools }: Definition): number {
    const { refused = [], warnings = [] } = registered ?? {};
    for (const { name, error, errors = [] } of refused) {
      const reasons = errors.map(({ pointer, detail }) => `${pointer}: ${detail}`);
      const reason = reasons.join("; ") || (error ?? "refused");
      this.#options.report({ type: "refused", text: `the tool ${name ?? "without a name"}: ${reason}` });
    }
    for (const { pointer, detail } of warnings) {
      this.#options.report({ type: "warning", text: `${pointer}: ${detail}` });
    }
    return Object.keys(tools).length - refused.length;
  }
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
