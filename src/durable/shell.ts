import { DurableObject } from "cloudflare:workers";
import type { Host, Hosted } from "./hosted.ts";

/**
 * The platform's class around an object that is written without it: `class ServicePool extends shell((ctx) =>
 * hostedPool(hostOf(ctx)), METHODS) {}`
 *
 * @param run makes the object, once each time the platform starts it
 * @param methods names the methods that RPC may call
 */
export function shell<H extends Hosted<object>, Method extends keyof H["inner"] & string>(
  run: (ctx: DurableObjectState, env: Env) => H,
  methods: Record<Method, true>,
): new (
  ctx: DurableObjectState,
  env: Env,
) => DurableObject<Env> & { readonly hosted: H } & Pick<H["inner"], Method> {
  class Shell extends DurableObject<Env> {
    readonly hosted: H;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.hosted = run(ctx, env);
    }

    override alarm(): Promise<void> {
      // oxlint-disable-next-line no-restricted-globals -- an entry point: no caller gives it the time
      return this.hosted.goOff(Date.now());
    }
  }
  // RPC reaches what the prototype has, and no property of the instance.
  for (const method of Object.keys(methods)) {
    Object.defineProperty(Shell.prototype, method, {
      value(this: Shell, ...args: unknown[]): unknown {
        return this.hosted.call(method, args);
      },
    });
  }
  // The loop has defined what the list names.
  return Shell as unknown as ReturnType<typeof shell<H, Method>>;
}

/** The platform, as an object's host. */
export const hostOf = (ctx: DurableObjectState): Host => ({
  storage: ctx.storage,
  sockets: ctx,
  name: ctx.id.name ?? "",
});
