/**
 * Makes `old` equal to `fresh` and changes only what differs, so that focus, scrolling, selection and opened details stay as
 * the reader left them. Children with a `data-key` are matched by it, other children by their position.
 *
 * @param {Element} old    an element of the document
 * @param {Element} fresh  its new version; not changed
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
    // Removed first: an element that is moved past it would lose the focus.
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
    // Nodes without a key in between belonged to removed children. Removing them saves moving `same`, which keeps its focus.
    while (key !== undefined && at && at !== same && keyOf(at) === undefined) at = removed(at);
    if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    if (same instanceof Element) morph(same, /** @type {Element} */ (next));
    else if (same.nodeValue !== next.nodeValue) same.nodeValue = next.nodeValue;
  }
  while (at) at = removed(at);
}

/** Removes a node and returns the one after it. @type {(node: ChildNode) => ChildNode | null} */
function removed(node) {
  const { nextSibling } = node;
  node.remove();
  return nextSibling;
}

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {Element} element */
function flash(element) {
  if (!reducedMotion.matches) element.animate({ backgroundColor: ["var(--flash)", "transparent"] }, 2000);
}
