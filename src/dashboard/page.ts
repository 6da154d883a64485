import { type Content, type Html, html } from "./html.ts";

export interface Page {
  title: string;
  /** When its content was gathered, ISO-8601; absent on a page without content of the registry. */
  asOf?: string;
  /** The store is out, and this is what the content was. */
  stale?: boolean;
  main: Content;
  /** The script that the page runs (live); null: none. */
  script?: keyof typeof STYLES | null;
}

/** In order: a later sheet refines an earlier one. All live pages link the same, because the form for a key becomes any of them. */
const STYLES = {
  live: ["base", "frame", "parts", "columns", "agents"],
  docs: ["base", "frame", "parts", "columns", "agents", "docs"],
};

/** The frame around every page. */
export const page = ({ title, asOf, stale = false, main, script = "live" }: Page): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/ui/icon.svg" type="image/svg+xml" />
        ${STYLES[script ?? "live"].map((name) => html`<link rel="stylesheet" href="/ui/styles/${name}.css" />`)}
        ${script && html`<script type="module" src="/ui/${script}.js"></script>`}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <a class="brand" href="/">Rollcall</a>
          <nav aria-label="Pages"><a href="/">Overview</a><a href="/docs">API</a></nav>
          <div class="controls">
            <span id="state" role="status"></span>
            <button type="button" id="pause" aria-pressed="false" hidden>Pause</button>
            <button type="button" id="forget" hidden>Forget the key</button>
          </div>
        </header>
        <main id="main" tabindex="-1" data-as-of="${asOf}" ${stale && html` data-stale`}>${main}</main>
      </body>
    </html>`;

/** The field has no name: if the form is sent without the script, the key gets into no URL and no log. */
export const keyForm = (why: string): Html =>
  html`<form id="key" class="card">
    <h1>An API key, please</h1>
    <p>${why}</p>
    <label>API key <input type="password" autocomplete="off" required /></label>
    <button>Open</button>
    <p class="quiet">This tab keeps it until you close the tab.</p>
    <noscript
      ><p>
        Sending a key needs JavaScript. Without JavaScript: <code>curl -H "Authorization: Bearer …"</code>
      </p></noscript
    >
  </form>`;

export const keyPage = (why = "Reading this registry takes a key."): Html =>
  page({ title: "Rollcall", main: keyForm(why) });

export const refusalPage = (title: string, detail: string): Html =>
  page({
    title: `${title} · Rollcall`,
    main: html`<section class="card">
      <h1>${title}</h1>
      <p>${detail}</p>
    </section>`,
  });

/** Text in which what stands between backticks is code. */
const prose = (text: string): Content[] =>
  text.split("`").map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part));

export interface ErrorShown {
  code: string;
  status: number;
  title: string;
  remedy: string;
  /** s */
  retryAfterSeconds?: number;
  /** The operations that answer it, of those that say so themselves. */
  answeredBy: readonly { operationId: string; method: string; path: string }[];
}

export const errorPage = (error: ErrorShown): Html =>
  page({
    title: `${error.code} · Rollcall`,
    script: null,
    main: html`<section class="card">
      <h1>${error.title}</h1>
      <p>
        <code>${error.code}</code>, status
        ${error.status}${
          error.retryAfterSeconds && html`, <code>Retry-After: ${error.retryAfterSeconds}</code>`
        }
      </p>
      <p>${prose(error.remedy)}</p>
      <ul>
        ${error.answeredBy.map(
          ({ operationId, method, path }) =>
            html`<li><a href="/docs#${operationId}">${method} ${path}</a></li>`,
        )}
      </ul>
    </section>`,
  });

export const docsPage = (): Html =>
  page({
    title: "API · Rollcall",
    script: "docs",
    main: html`<div id="api">
      <h1>API</h1>
      <p>Rendered by a script from <a href="/openapi.json">/openapi.json</a>.</p>
    </div>`,
  });
