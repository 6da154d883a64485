import type { ComponentChildren, JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { ask, type Method, Refusal } from "../app/api.ts";
import { useSession } from "../app/session.ts";
import { CommandLines } from "./commands.tsx";

export interface Deed {
  method: Method;
  path: string;
  body?: unknown;
  cli?: string | undefined;
}

interface Props<T> {
  /** On the button that opens the dialog. */
  name: string;
  scope: "write" | "admin";
  /** Why it cannot be done though the scope allows it; absent: it can be. */
  unless?: string | false | undefined;
  /** What it will do, said before. */
  says: ComponentChildren;
  deed: Deed;
  /** Fields that the deed depends on. */
  fields?: ComponentChildren;
  /** On the button that does it; `name` by default. */
  verb?: string;
  /** What was done, said after. A dialog whose result has to be read, such as a secret, stays open. */
  done: (answer: T) => ComponentChildren;
  staysOpen?: boolean;
}

/** A button that opens a dialog, which says what will happen and does it when that is confirmed. */
export function Action<T>({
  name,
  scope,
  unless,
  says,
  deed,
  fields,
  verb = name,
  done,
  staysOpen = false,
}: Props<T>): JSX.Element {
  const session = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [state, setState] = useState<{ busy?: true; refusal?: Refusal; said?: ComponentChildren }>({});
  const why = session.may(scope)
    ? unless
    : `The key needs the scope ${scope}; it has ${session.who.scopes.join(", ") || "none"}.`;

  async function act(event: Event): Promise<void> {
    event.preventDefault();
    setState({ busy: true });
    try {
      const answer = await ask<T>(deed.method, deed.path, deed.body);
      setState({ said: done(answer) });
      if (!staysOpen) dialog.current?.close();
      await session.views.readAll();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setState({ refusal: error });
    }
  }

  const isOver = staysOpen && state.said !== undefined;
  return (
    <span class="action">
      <button
        type="button"
        disabled={Boolean(why)}
        aria-describedby={why ? `${id}-why` : undefined}
        onClick={() => {
          setState({});
          dialog.current?.showModal();
        }}
      >
        {name}
      </button>
      {why && (
        <small id={`${id}-why`} class="quiet">
          {why}
        </small>
      )}
      {!staysOpen && state.said !== undefined && (
        <small role="status" class="done">
          {state.said}
        </small>
      )}
      {/* What was said in it, such as a secret, goes with it. */}
      <dialog ref={dialog} aria-labelledby={`${id}-title`} onClose={() => staysOpen && setState({})}>
        <form onSubmit={(event) => void act(event)}>
          <h2 id={`${id}-title`}>{name}</h2>
          {isOver ? (
            <div role="status">{state.said}</div>
          ) : (
            <>
              <div>{says}</div>
              {fields}
              <details class="terminal">
                <summary>In a terminal</summary>
                <CommandLines {...deed} />
              </details>
            </>
          )}
          {state.refusal && (
            <p class="trouble" role="alert">
              Not done. {state.refusal.message} <code>{state.refusal.code}</code>
            </p>
          )}
          <div class="buttons">
            <button type="button" onClick={() => dialog.current?.close()}>
              {isOver ? "Close" : "Cancel"}
            </button>
            {!isOver && (
              <button class="primary" disabled={state.busy === true}>
                {state.busy ? "…" : verb}
              </button>
            )}
          </div>
        </form>
      </dialog>
    </span>
  );
}
