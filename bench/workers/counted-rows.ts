/** Rows that the embedded store has read and written since the last request for them. */
export interface CountedRows {
  rowsRead: number;
  rowsWritten: number;
  databaseBytes: number;
}
