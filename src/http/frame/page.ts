import { type Content, type Html, html } from "./html.ts";

/** The pages that the Worker makes itself: a shell for the dashboard, which the browser fills, and pages of text. */

interface Page {
  title: string;
  main: Content;
  /** What the browser runs; null: nothing. */
  script: "app" | "docs" | null;
}

/** In order: a later sheet refines an earlier one. */
const STYLES = {
  app: ["base", "frame", "parts", "app"],
  docs: ["base", "frame", "parts", "columns", "docs"],
};

const page = ({ title, main, script }: Page): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/ui/icon.svg" type="image/svg+xml" />
        ${STYLES[script ?? "app"].map((name) => html`<link rel="stylesheet" href="/ui/styles/${name}.css" />`)}
        ${script && html`<script type="module" src="/ui/${script}.js"></script>`}
      </head>
      <body>
        ${main}
      </body>
    </html>`;

/** What the app finds: nothing of the registry. */
export const shellPage = (): Html =>
  page({
    title: "Rollcall",
    script: "app",
    main: html`<div id="app"></div>
      <noscript
        ><main>
          <h1>Rollcall</h1>
          <p>
            The dashboard is drawn by a script. Without JavaScript the same is at
            <code>/v1/alerts</code>, <code>/v1/stats</code> and <code>/v1/agents</code>:
            <code>curl -H "Authorization: Bearer …"</code>, or <code>rollcall stats</code>.
          </p>
        </main></noscript
      >`,
  });

/** A page of text, in the frame of the others. */
const textPage = ({ title, main, script }: Page): Html =>
  page({
    title: `${title} · Rollcall`,
    script,
    main: html`<a class="skip" href="#main">Skip to the content</a>
      <header>
        <a class="brand" href="/">Rollcall</a>
        <nav aria-label="Pages"><a href="/">Overview</a><a href="/docs">API</a></nav>
        <div class="controls"><span id="state" role="status"></span></div>
      </header>
      <main id="main" tabindex="-1">${main}</main>`,
  });

export const refusalPage = (title: string, detail: string): Html =>
  textPage({
    title,
    script: null,
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
  textPage({
    title: error.code,
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
  textPage({
    title: "API",
    script: "docs",
    main: html`<div id="api">
      <h1>API</h1>
      <p>Rendered by a script from <a href="/openapi.json">/openapi.json</a>.</p>
    </div>`,
  });
