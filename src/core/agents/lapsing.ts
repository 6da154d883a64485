import { isRecovering } from "./recovering.ts";

/** What an answer says of lapsed agents among those that were examined for it. */
export const lapsingShown = (lapsed: number, examined: number) => ({
  lapsed,
  ...recoveringShown(lapsed, examined),
});

export const recoveringShown = (lapsed: number, examined: number) =>
  isRecovering(lapsed, examined) ? { recovering: true as const } : {};
