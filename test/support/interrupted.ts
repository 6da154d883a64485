import type { Store } from "../../src/store/store.ts";
import type { Backend } from "./stores.ts";

/** The same store, but just before its next commit somebody else gets a word in. */
export function interrupted(backend: Backend, interloper: () => Promise<unknown>): Backend {
  let pending = true;
  return {
    ...backend,
    open(namespace): Store {
      const store = backend.open(namespace);
      return {
        ...store,
        async commit(changes, now) {
          if (pending) {
            pending = false;
            await interloper();
          }
          return store.commit(changes, now);
        },
      };
    },
  };
}
