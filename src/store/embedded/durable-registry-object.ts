import { hostOf, shell } from "../../durable/shell.ts";
import { hostedRegistry, METHODS } from "./durable-store.ts";

/** The class of a Durable Object. */
export class DurableRegistryObject extends shell(
  // oxlint-disable-next-line no-restricted-globals -- the store's own clock: no caller's counts
  (ctx) => hostedRegistry(hostOf(ctx), () => Date.now()),
  METHODS,
) {}
