/** Names sort by code unit everywhere. Ids are ASCII, so Redis's bytes and SQLite's agree. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const byId = (a: { id: string }, b: { id: string }): number => byCodeUnit(a.id, b.id);
