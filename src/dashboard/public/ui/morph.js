/**
 * Makes one element like another, touching only what differs, so that focus, scrolling, selection and opened details stay
 * as the reader left them. Children with a `data-key` are the same wherever they stand; others by their place.
 *
 * @param {Element} old    in the document
 * @param {Element} fresh  what it is to be like
 */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const status = old.getAttribute("data-status");
  for (const name of old.getAttributeNames()) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old instanceof HTMLInputElement && old !== document.activeElement) old.value = old.defaultValue;
  morphChildren(old, fresh);
  if (status !== null && status !== old.getAttribute("data-status")) flash(old);
}

/** @type {(node: Node) => string | undefined} */
const keyOf = (node) => (node instanceof Element ? (node.getAttribute("data-key") ?? undefined) : undefined);

/** @type {(old: Element, fresh: Element) => void} */
function morphChildren(old, fresh) {
  const wanted = new Set(Array.from(fresh.children, keyOf));
  /** @type {Map<string, Element>} */
  const kept = new Map();
  for (const child of old.querySelectorAll(":scope > [data-key]")) {
    const key = keyOf(child) ?? "";
    // First, because moving the others around it would take the focus from them.
    if (wanted.has(key)) kept.set(key, child);
    else child.remove();
  }
  let at = old.firstChild;
  for (const next of fresh.childNodes) {
    const key = keyOf(next);
    const byPlace = at && keyOf(at) === undefined && at.nodeName === next.nodeName ? at : undefined;
    const same = key === undefined ? byPlace : kept.get(key);
    if (!same || same.nodeName !== next.nodeName) {
      old.insertBefore(document.importNode(next, true), at);
      continue;
    }
    // What has no key and stands in between is left over from those that went: rather that goes than this moves.
    while (key !== undefined && at && at !== same && keyOf(at) === undefined) at = dropped(at);
    if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    if (same instanceof Element) morph(same, /** @type {Element} */ (next));
    else if (same.nodeValue !== next.nodeValue) same.nodeValue = next.nodeValue;
  }
  while (at) at = dropped(at);
}

/** @type {(node: ChildNode) => ChildNode | null} */
function dropped(node) {
  const { nextSibling } = node;
  node.remove();
  return nextSibling;
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {Element} element */
function flash(element) {
  if (!calm.matches) element.animate({ backgroundColor: ["var(--flash)", "transparent"] }, 2000);
}
