/* Runs SQL on a database for the bench: a Worker as it is, without a build. Statements of one request are one batch.
   The answer has the rows of each, or if it is to be `whole`, each result as D1 gives it. */
export default {
  /** @type {ExportedHandlerFetchHandler<Record<string, D1Database>>} */
  async fetch(request, env) {
    const { database, statements, whole } = /** @type {any} */ (await request.json());
    const db = /** @type {D1Database} */ (env[database]);
    const bound = statements.map((/** @type {any} */ { sql, values }) => db.prepare(sql).bind(...values));
    try {
      const results = await db.batch(bound);
      return Response.json(whole ? results : results.map((result) => result.results));
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};
