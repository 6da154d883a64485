/** What the embedded store read and wrote since it was last asked, as `counted.ts` counts it. */
export interface CountedRows {
  rowsRead: number;
  rowsWritten: number;
  databaseBytes: number;
}
