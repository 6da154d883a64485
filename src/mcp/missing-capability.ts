import * as z from "zod";
import type { CallOutcome } from "../core/toolsets/call.ts";
import { META_KEYS, RPC, RpcError } from "./protocol.ts";
import type { RpcRequest } from "./request.ts";

/** The error code of a provider whose tool needs what its caller's client has to be able to do, such as sampling. */
const CODE = "missing_client_capability";
const capabilities = z.record(z.string(), z.record(z.string(), z.unknown()));
/** What such an error has as its `server_data`. */
const required = z.tuple([z.looseObject({ requiredCapabilities: capabilities })]);

/**
 * Lets a client know which capabilities a call failed for that it has not declared. One that has declared them all gets the
 * failure as any other.
 *
 * @throws {RpcError}
 */
export function checkCapabilities(outcome: CallOutcome, { era, params }: RpcRequest): void {
  if (era === "legacy" || !("error" in outcome) || outcome.error.code !== CODE) return;
  const [needs] = required.safeParse(outcome.server_data).data ?? [];
  const meta = params["_meta"] as Record<string, unknown>;
  const declared = meta[META_KEYS.clientCapabilities] as Record<string, unknown>;
  const missing = Object.entries(needs?.requiredCapabilities ?? {}).filter(
    ([name]) => !Object.hasOwn(declared, name),
  );
  if (missing.length === 0) return;
  throw new RpcError(400, RPC.missingCapability, outcome.error.message, {
    requiredCapabilities: Object.fromEntries(missing),
  });
}
