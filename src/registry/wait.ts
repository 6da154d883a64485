/**
 * Waits for an event, at most until `pause` is over.
 *
 * @param event  one that fails counts as having come: its next read tells what is wrong
 * @returns whether the event came
 */
export const waitFor = (event: Promise<unknown>, pause: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    event.then(
      () => true,
      () => true,
    ),
    pause.then(() => false),
  ]);
