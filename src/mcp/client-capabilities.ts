import * as z from "zod";
import type { CallOutcome } from "../core/toolsets/call.ts";
import { type Json, META_KEYS, RPC, RpcError } from "./protocol.ts";
import type { RpcRequest } from "./request.ts";

/** What the client of a request declares that it can do; undefined in the legacy era, where requests do not say. */
export const capabilitiesOf = ({ era, params }: RpcRequest): Json | undefined =>
  era === "modern" ? ((params["_meta"] as Json)[META_KEYS.clientCapabilities] as Json) : undefined;

/** By name, each with the parts of it that are needed. */
export type Capabilities = Record<string, Json>;

/**
 * @param said  why they are needed
 * @throws {RpcError} with those that the client of this era has not declared
 */
export function requireCapabilities(needed: Capabilities, declared: Json, said: string): void {
  const missing = Object.entries(needed).flatMap(([name, parts]): [string, Json][] => {
    const given = declared[name] as Json | null | undefined;
    if (given === undefined || given === null) return [[name, parts]];
    const absent = Object.entries(parts).filter(([part]) => !hasPart(name, given, part));
    return absent.length > 0 ? [[name, Object.fromEntries(absent)]] : [];
  });
  if (missing.length === 0) return;
  const data = { requiredCapabilities: Object.fromEntries(missing) };
  throw new RpcError(400, RPC.missingCapability, said, data);
}

/** Before there were URLs, elicitation was by forms alone, and had no parts. */
const hasPart = (name: string, given: Json, part: string): boolean =>
  Object.hasOwn(given, part) ||
  (name === "elicitation" && part === "form" && Object.keys(given).length === 0);

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
export function checkCapabilities(outcome: CallOutcome, request: RpcRequest): void {
  const declared = capabilitiesOf(request);
  if (!declared || !("error" in outcome) || outcome.error.code !== CODE) return;
  const [needs] = required.safeParse(outcome.server_data).data ?? [];
  requireCapabilities(needs?.requiredCapabilities ?? {}, declared, outcome.error.message);
}
