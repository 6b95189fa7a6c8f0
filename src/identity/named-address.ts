import * as z from "zod";
import type { AppContext } from "../http/context.ts";
import { lazy } from "../lib/lazy.ts";

const namedSchema = lazy(() => z.object({ email: z.string() }));

/** The e-mail address that a sign-in or a sign-up names, in small letters as accounts have it; null when it names none. */
export async function namedAddress(c: AppContext): Promise<string | null> {
  try {
    const { data } = namedSchema().safeParse(JSON.parse(await c.req.text()));
    return data?.email.toLowerCase() ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
