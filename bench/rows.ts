/** What the embedded store did since it was last asked, as `counted.worker.ts` tells it. */
export interface Tally {
  rowsRead: number;
  rowsWritten: number;
  databaseBytes: number;
}
