import type { Context } from "hono";

/** Whether a request came over HTTPS. Workers gives its address in normal form: it need not be parsed for that. */
export const isHttps = (c: Context): boolean => c.req.url.startsWith("https:");
