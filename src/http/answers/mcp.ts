import * as z from "zod";

/** One of JSON-RPC 2.0. */
export const rpcMessage = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.int()]).optional(),
});
