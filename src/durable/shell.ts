import { DurableObject } from "cloudflare:workers";

/**
 * The platform's class around an object that is written without it: it makes the object from its state, and passes the
 * listed methods on. `class DurableRegistryObject extends shell(({ storage }) => new RegistryObject(storage), METHODS) {}`
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
  passOn(Shell.prototype, methods, (_self, _method, _args, pass) => pass());
  // `passOn` defines what the list names.
  return Shell as unknown as ReturnType<typeof shell<Inner, Method>>;
}

/**
 * Defines each method on a prototype: it calls the method of the same name of `inner`, by way of `call`. RPC reaches what the
 * prototype has, and no property of the instance.
 */
export function passOn<Self extends { inner: object }>(
  prototype: Self,
  methods: Record<string, true>,
  call: (self: Self, method: string, args: readonly unknown[], pass: () => unknown) => unknown,
): void {
  for (const method of Object.keys(methods)) {
    Object.defineProperty(prototype, method, {
      value(this: Self, ...args: unknown[]): unknown {
        return call(this, method, args, () =>
          (this.inner as Record<string, (...args: unknown[]) => unknown>)[method]!(...args),
        );
      },
    });
  }
}
