/** As much of D1 as a store needs: the database, or one session of it. */
export type Db = Pick<D1Database, "prepare" | "batch">;
