import { DurableObject } from "cloudflare:workers";

/**
 * The platform's class around an object that is written without it: it makes the object from its state, and passes the
 * listed methods on. `class DurableServicePool extends shell(({ storage }) => new ServicePool(storage), METHODS) {}`
 *
 * @param make makes the object, once each time the platform starts it
 * @param methods names the methods that RPC may call
 */
export function shell<Inner extends object, Method extends keyof Inner & string>(
  make: (ctx: DurableObjectState) => Inner,
  methods: Record<Method, true>,
): new (
  ctx: DurableObjectState,
  env: Env,
) => DurableObject & { readonly inner: Inner } & Pick<Inner, Method> {
  class Shell extends DurableObject {
    readonly inner: Inner;

    constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
      super(ctx, env);
      this.inner = make(ctx);
    }
  }
  for (const method of Object.keys(methods)) {
    // RPC reaches what the prototype has, and no property of the instance.
    Object.defineProperty(Shell.prototype, method, {
      value(this: Shell, ...args: unknown[]): unknown {
        return (this.inner as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
      },
    });
  }
  // The loop above defines what the list names.
  return Shell as unknown as ReturnType<typeof shell<Inner, Method>>;
}
