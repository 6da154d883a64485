/**
 * A port as the object behind it implements it: the same methods, each giving its answer as a promise or as the plain
 * value, since RPC promises it in either case. `class ServicePool extends DurableObject implements Served<Pool>` does not
 * compile when a method is missing, misnamed or answers something else.
 */
export type Served<Port> = {
  [Method in keyof Port]: Port[Method] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Answer | Awaited<Answer>
    : never;
};
