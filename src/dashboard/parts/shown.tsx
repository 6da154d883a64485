import type { ComponentChildren, JSX } from "preact";
import type { View } from "../app/views.ts";
import { Clock } from "./marks.tsx";

/** What a view has, or why it has nothing. What could not be read anew is shown as what it was, and when. */
export function Shown<T>({
  view,
  children,
}: {
  view: View<T>;
  children: (body: T) => ComponentChildren;
}): JSX.Element {
  const { body, refusal, readAt } = view;
  if (body !== undefined && !refusal) return <>{children(body)}</>;
  if (body !== undefined)
    return (
      <div class="old">
        <p class="trouble">
          Old: as it was at <Clock at={new Date(readAt).toISOString()} />. {refusal?.message}
        </p>
        {children(body)}
      </div>
    );
  if (refusal)
    return (
      <p class={refusal.isTrouble ? "card trouble" : "card"} role={refusal.isTrouble ? "alert" : undefined}>
        {refusal.isTrouble ? "Nothing is known of this. " : ""}
        {refusal.message} <code>{refusal.code}</code>
      </p>
    );
  return (
    <p class="quiet loading" aria-busy="true">
      Reading…
    </p>
  );
}
