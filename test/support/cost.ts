/** What a request cost. */
export interface Cost {
  /** Round trips to D1: a statement run by itself, or a batch. */
  d1: number;
  /** Calls of Durable Objects. */
  objects: number;
  /** Calls of R2. */
  bucket: number;
  /** Rows that D1 read. */
  rowsRead: number;
}
