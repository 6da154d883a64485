import { remote } from "../../src/durable/remote.ts";
import type { Served } from "../../src/durable/served.ts";

// Compiled with the other tests, never run: the compiler has to give each of the errors that are expected here.

interface Counter {
  add(by: number): Promise<number>;
  reset(): Promise<void>;
}

export class Complete implements Served<Counter> {
  add(by: number): number {
    return by;
  }
  async reset(): Promise<void> {}
}

// @ts-expect-error -- `add` has another name on the object
export class Renamed implements Served<Counter> {
  plus(by: number): number {
    return by;
  }
  reset(): void {}
}

export class Reanswered implements Served<Counter> {
  // @ts-expect-error -- `add` answers something else
  add(by: number): string {
    return String(by);
  }
  reset(): void {}
}

export const complete = (stub: () => object): Counter => remote<Counter>(stub, { add: true, reset: true });

// @ts-expect-error -- `reset` is not on the list
export const dropped = (stub: () => object): Counter => remote<Counter>(stub, { add: true });
