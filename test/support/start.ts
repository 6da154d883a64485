/** An instant to begin at. Far ahead of the real clock, so that no alarm goes off but those that a test sets off. */
export const START = Date.UTC(2126, 0, 1);
