import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";

/** The title that the browser shows while a page is open. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Rollcall`;
  }, [title]);
}

export function Crumbs({ to, name }: { to: string; name: string }): JSX.Element {
  return (
    <nav class="crumbs" aria-label="Breadcrumb">
      <a href="/">Overview</a> / <a href={to}>{name}</a>
    </nav>
  );
}

export function Section({
  id,
  title,
  children,
  aside,
}: {
  id: string;
  title: string;
  children: ComponentChildren;
  aside?: ComponentChildren;
}): JSX.Element {
  return (
    <section aria-labelledby={id}>
      <div class="heading">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
