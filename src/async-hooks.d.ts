/** What we use of a module that the runtime's own types leave out; wrangler.toml has the flag that it needs. */
declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    run<R>(value: T, work: () => R): R;
    getStore(): T | undefined;
  }
}
