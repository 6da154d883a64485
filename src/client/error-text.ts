/** The registry's bound on the text of an error, characters. */
const TEXT_MAX = 4096;

/** What was thrown, in words that the registry takes. */
export const errorText = (thrown: unknown): string =>
  // Cut before it is mended: the cut may leave half a surrogate pair, which the registry refuses.
  messageOf(thrown).slice(0, TEXT_MAX).toWellFormed();

/** Anything can be thrown, including values that cannot be converted to a string. */
function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "What was thrown has no text.";
  }
}
