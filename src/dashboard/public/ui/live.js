/**
 * Keeps the page up to date: fetches its own address again and applies what differs. Every 1.2 s it asks whether anything
 * changed (If-None-Match); every 15 s it fetches the page regardless, which corrects the ages.
 */
import { age } from "./age.js";
import { askForKey, credentials, forgetKey, hasKey } from "./key.js";
import { morph } from "./morph.js";

const POLL_MS = 1200;
const FULL_MS = 15_000;
/** Between two attempts during an outage. */
const BACKOFF_MAX_MS = 10_000;
const TIMEOUT_MS = 8000;
/** After the last key stroke, until the search starts. */
const TYPING_MS = 200;
/** Statuses that stay the same until the reader changes the address or the key: polling stops. */
const REFUSED = new Set([400, 401, 403]);

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));
const pause = /** @type {HTMLElement} */ (document.getElementById("pause"));

let etag = "";
/** When the page was last fetched in full. */
let fetchedAt = performance.now();
let failures = 0;
let paused = false;
/** The server's clock minus this machine's, ms. */
let skew = 0;
/** Aborts the request that is under way. */
let attempt = new AbortController();
let timer = 0;

/** @param {string} text */
function showState(text, trouble = false) {
  // Setting the same text again would make a screen reader repeat it.
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle("trouble", trouble);
}

/** Fetches the page, and applies it if it changed; with `full`, even if it did not. */
async function refresh(full = false) {
  clearTimeout(timer);
  attempt.abort();
  const mine = new AbortController();
  attempt = mine;
  const isFull = full || etag === "" || "stale" in main.dataset || performance.now() - fetchedAt >= FULL_MS;
  try {
    const response = await fetch(location.href, {
      headers: { ...credentials(), ...(isFull ? {} : { "If-None-Match": etag }) },
      signal: AbortSignal.any([mine.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      cache: "no-store",
    });
    if (response.status !== 304) await show(response, mine.signal);
    if (mine.signal.aborted) return;
    // An answer that is old is no success: the next attempt waits longer.
    const isStale = "stale" in main.dataset;
    failures = isStale ? failures + 1 : 0;
    const found = isStale ? "the store does not answer; what you see is old. Trying again" : "live";
    showState(paused ? "paused" : found, isStale);
    if (REFUSED.has(response.status)) return stop();
  } catch (error) {
    if (mine.signal.aborted) return;
    failures += 1;
    const why = error instanceof Unavailable ? error.message : "no answer";
    showState(`${why}; what you see may be old. Trying again`, true);
  }
  scheduleNext();
}

class Unavailable extends Error {}

/** @type {(response: Response, signal: AbortSignal) => Promise<void>} */
async function show(response, signal) {
  const text = await response.text();
  if (signal.aborted) return;
  if (response.status >= 500) throw new Unavailable(`the registry answers ${response.status}`);
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const content = fresh.querySelector("main");
  if (!content) throw new Unavailable("the answer is not a page of the registry");
  if (response.status === 401) forgetKey();
  etag = response.headers.get("ETag") ?? "";
  fetchedAt = performance.now();
  document.title = fresh.title;
  morph(main, content);
  setClock();
  tick();
}

function scheduleNext() {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  timer = setTimeout(refresh, Math.min(BACKOFF_MAX_MS, POLL_MS * 2 ** failures));
}

/** Stops polling: the answer will not change by itself. */
function stop() {
  showState("");
  pause.hidden = true;
}

function start() {
  pause.hidden = false;
  void refresh(true);
}

/** Starts polling without a first fetch: the browser has just loaded the page. */
function startLoaded() {
  pause.hidden = false;
  showState("live");
  scheduleNext();
}

function setClock() {
  const asOf = Date.parse(main.dataset["asOf"] ?? "");
  if (asOf > 0) skew = asOf - Date.now();
}

/** Brings every age on the page up to date. */
function tick() {
  const now = Date.now() + skew;
  for (const time of main.querySelectorAll("time")) {
    const text = age(now - Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

/** Shows the page under another filter. @type {(href: string, replace?: boolean) => void} */
function visit(href, replace = false) {
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  void refresh(true);
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.pathname !== location.pathname || link.hash !== "") return;
  event.preventDefault();
  visit(link.href);
});

/** @param {HTMLFormElement} form */
function search(form, replace = false) {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(/** @type {[string, string][]} */ (fields)).toString();
  visit(query === "" ? location.pathname : `?${query}`, replace);
}

let typing = 0;
document.addEventListener("input", (event) => {
  const { form } = /** @type {HTMLInputElement} */ (event.target);
  if (form?.id !== "search") return;
  clearTimeout(typing);
  typing = setTimeout(() => search(form, true), TYPING_MS);
});
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.id !== "search") return;
  event.preventDefault();
  clearTimeout(typing);
  search(form);
});

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  attempt.abort();
  clearTimeout(timer);
  if (paused) showState("paused");
  else void refresh(true);
});
addEventListener("popstate", () => void refresh(true));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !pause.hidden) void refresh(true);
});

setClock();
setInterval(() => paused || tick(), 1000);
askForKey(start);
if (hasKey()) start();
else if (document.getElementById("key") === null) startLoaded();
