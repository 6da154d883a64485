/** Waits until something happened, or for as long as `pause` lasts; a wait that broke off counts as something. */
export const somethingOr = (something: Promise<unknown>, pause: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    something.then(
      () => true,
      () => true,
    ),
    pause.then(() => false),
  ]);
