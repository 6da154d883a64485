import { Problem } from "../core/problem.ts";
import type { Trace } from "../registry/toolsets/call.ts";
import type { Face } from "./face.ts";
import {
  completed,
  errorMessage,
  type Json,
  type RequestId,
  resultMessage,
  RPC,
  RpcError,
} from "./protocol.ts";
import type { RpcRequest } from "./request.ts";

/** One request, and what it came with. */
export interface Exchange {
  face: Face;
  request: RpcRequest;
  headers: Headers;
  trace: Trace;
}

/** What goes back: nothing (a notification), one message, or messages as they arise. */
export type Answered =
  | { status: 202 }
  | { status: number; message: Json }
  | {
      status: 200;
      /** Ends with the result; null: nothing to say, but the connection has to be kept alive. */
      messages: AsyncGenerator<Json | null, void>;
      /** To be called when the client has left before the end. */
      left: () => Promise<void>;
    };

/** The result of a request, as its era has it. */
export const answered = ({ request: { id, era } }: Exchange, result: Json): Answered => ({
  status: 200,
  message: resultMessage(id, completed(era, result)),
});

/**
 * What stopped a stream, as its last message.
 *
 * @throws whatever is neither an RpcError nor a Problem
 */
export function failureMessage(id: RequestId, error: unknown): Json {
  if (error instanceof RpcError) return errorMessage(id, error);
  if (!(error instanceof Problem)) throw error;
  const { message, code } = error;
  return errorMessage(id, { code: RPC.internalError, message, data: { code } });
}
