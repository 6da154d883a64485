/** The API key, for as long as the tab is open; and the form that asks for it. */

const NAME = "rollcall-key";

/** @returns {Record<string, string>} what to send along */
export function credentials() {
  const key = sessionStorage.getItem(NAME);
  return key === null ? {} : { Authorization: `Bearer ${key}` };
}

export const hasKey = () => sessionStorage.getItem(NAME) !== null;

export function forgetKey() {
  sessionStorage.removeItem(NAME);
  showButton();
}

/** @param {() => void} open  called once there is a key to try */
export function askForKey(open) {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.id !== "key") return;
    event.preventDefault();
    const input = form.querySelector("input");
    // What a header cannot carry is no key, and would make every request fail.
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
