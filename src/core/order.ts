/** Names sort by code unit everywhere. Ids are ASCII, so the orders of Redis and SQLite, by byte, are the same. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const byId = (a: { id: string }, b: { id: string }): number => byCodeUnit(a.id, b.id);
