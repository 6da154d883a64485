import type { ServerData } from "./shapes.ts";

interface Beside {
  bounds?: Record<string, unknown>;
  server_data?: ServerData;
}

/** For a handler to return where more than the result goes to the caller. */
export class ToolOutput {
  readonly result: unknown;
  readonly bounds: Record<string, unknown> | undefined;
  readonly server_data: ServerData | undefined;

  /**
   * @param result             checked against the tool's `result_schema`; undefined becomes null
   * @param beside.bounds      how much of what there is the result holds, in the tool's own terms
   * @param beside.server_data  at most 100 objects, such as MCP's content blocks
   */
  constructor(result: unknown, { bounds, server_data }: Beside = {}) {
    this.result = result;
    this.bounds = bounds;
    this.server_data = server_data;
  }
}
