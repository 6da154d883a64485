import type { JSX } from "preact";
import { withQuery } from "../app/address.ts";

/** The way from page to page of a list that the registry has in its own order. */
export function Pages({ url, next, said }: { url: URL; next: string | null; said: string }): JSX.Element {
  const query = Object.fromEntries(url.searchParams);
  const { cursor, ...rest } = query;
  return (
    <nav class="pages" aria-label="Pages of the list">
      <span class="quiet" role="status">
        {said}
      </span>
      {cursor !== undefined && <a href={withQuery(url.pathname, rest)}>First page</a>}
      {next !== null && <a href={withQuery(url.pathname, { ...rest, cursor: next })}>Next page</a>}
    </nav>
  );
}
