/** The Worker of sql.js: the databases that it is bound to, each by its name. */
declare const worker: { fetch(request: Request, env: Record<string, D1Database>): Promise<Response> };
export default worker;
