/** The API key, which the tab keeps until it is closed, and the form that asks for it. */

const NAME = "rollcall-key";

/** @returns {Record<string, string>} the headers that carry the key; none without a key */
export function credentials() {
  const key = sessionStorage.getItem(NAME);
  return key === null ? {} : { Authorization: `Bearer ${key}` };
}

export const hasKey = () => sessionStorage.getItem(NAME) !== null;

export function forgetKey() {
  sessionStorage.removeItem(NAME);
  showButton();
}

/** @param {() => void} open  called each time that a key has been entered, which may be wrong */
export function askForKey(open) {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.id !== "key") return;
    event.preventDefault();
    const input = form.querySelector("input");
    // A header cannot carry other characters: every request would fail.
    const key = (input?.value ?? "").replace(/[^\x21-\x7e]/g, "");
    if (key === "" || !input) return;
    input.value = "";
    sessionStorage.setItem(NAME, key);
    showButton();
    open();
  });
  document.getElementById("forget")?.addEventListener("click", () => {
    forgetKey();
    location.reload();
  });
  showButton();
}

function showButton() {
  document.getElementById("forget")?.toggleAttribute("hidden", !hasKey());
}
