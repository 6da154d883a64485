import { afterAll, inject } from "vitest";
import { BridgeControl } from "./bridge-control.ts";

/** Of this worker alone: the others are at their own files meanwhile. */
let own: string | undefined;
const ownPrefix = () => (own ??= `t-${crypto.randomUUID().slice(0, 8)}`);

/** @returns what the names of one backend's keys begin with */
export const newPrefix = (): string => `${ownPrefix()}-${crypto.randomUUID()}`;

const FORGET = `
local names = redis.call("KEYS", ARGV[1])
for _, name in ipairs(names) do redis.call("UNLINK", name) end
return #names
`;

/** All tests share one Redis, and many look for keys by pattern, which takes longer with each key that any test has left. */
export function forgetKeysAfterEachFile(): void {
  afterAll(async () => {
    if (own !== undefined) await new BridgeControl(inject("bridgeUrl")).raw("EVAL", FORGET, 0, `*${own}*`);
  });
}
