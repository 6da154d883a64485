/**
 * Keeps a page as the registry is: fetches the page itself again, and takes over what is different. Every second or two it
 * asks whether anything changed; every 15 s for the whole, so that ages stay honest.
 */
import { age } from "./age.js";
import { askForKey, credentials, forgetKey, hasKey } from "./key.js";
import { morph } from "./morph.js";

const POLL_MS = 1200;
const WHOLE_MS = 15_000;
const PAUSE_MAX_MS = 10_000;
const PATIENCE_MS = 8000;
const TYPING_MS = 200;
/** Answers that stay the same until somebody does something. */
const REFUSED = new Set([400, 401, 403]);

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));
const pause = /** @type {HTMLElement} */ (document.getElementById("pause"));

let etag = "";
let wholeAt = performance.now();
let failures = 0;
let paused = false;
/** The server's clock less ours, in ms. */
let skew = 0;
let attempt = new AbortController();
let timer = 0;

/** @param {string} text */
function say(text, trouble = false) {
  // Said again, it would be read out again.
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle("trouble", trouble);
}

/** The page as it is now; `whole` even where nothing but the clock moved on. */
async function refresh(whole = false) {
  clearTimeout(timer);
  attempt.abort();
  const mine = new AbortController();
  attempt = mine;
  const due = whole || etag === "" || performance.now() - wholeAt >= WHOLE_MS;
  try {
    const response = await fetch(location.href, {
      headers: { ...credentials(), ...(due ? {} : { "If-None-Match": etag }) },
      signal: AbortSignal.any([mine.signal, AbortSignal.timeout(PATIENCE_MS)]),
      cache: "no-store",
    });
    if (response.status !== 304) await show(response, mine.signal);
    if (mine.signal.aborted) return;
    failures = 0;
    say(paused ? "paused" : "live");
    if (REFUSED.has(response.status)) return idle();
  } catch (error) {
    if (mine.signal.aborted) return;
    failures += 1;
    const why = error instanceof Unavailable ? error.message : "no answer";
    say(`${why}; what you see may be old. Trying again`, true);
  }
  next();
}

class Unavailable extends Error {}

/** @type {(response: Response, signal: AbortSignal) => Promise<void>} */
async function show(response, signal) {
  const text = await response.text();
  if (signal.aborted) return;
  if (response.status >= 500) throw new Unavailable(`the registry answers ${response.status}`);
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const content = fresh.querySelector("main");
  if (!content) throw new Unavailable("this is no page of ours");
  if (response.status === 401) forgetKey();
  etag = response.headers.get("ETag") ?? "";
  wholeAt = performance.now();
  document.title = fresh.title;
  morph(main, content);
  setClock();
  tick();
}

function next() {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  timer = setTimeout(refresh, Math.min(PAUSE_MAX_MS, POLL_MS * 2 ** failures));
}

/** Nothing to watch for. */
function idle() {
  say("");
  pause.hidden = true;
}

function start() {
  pause.hidden = false;
  void refresh(true);
}

/** What is on the page was gathered just now. */
function startFrom() {
  pause.hidden = false;
  say("live");
  next();
}

function setClock() {
  const asOf = Date.parse(main.dataset["asOf"] ?? "");
  if (asOf > 0) skew = asOf - Date.now();
}

function tick() {
  const now = Date.now() + skew;
  for (const time of main.querySelectorAll("time")) {
    const text = age(now - Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

/** Another filter: another address, the same page. @type {(href: string, replace?: boolean) => void} */
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
  if (paused) say("paused");
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
else if (document.getElementById("key") === null) startFrom();
