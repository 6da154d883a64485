/** An answer that is not on its way yet: whatever every answer carries is still to come, and then it is sent. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | null;
}
