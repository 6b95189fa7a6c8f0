import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";

/** How many attempts of a delivery are kept: the last ones. */
const MAX_KEPT = 20;

const attemptSchema = lazy(() =>
  z.object({
    /** When it began, in milliseconds since the epoch, and how long it took. */
    at: z.number(),
    ms: z.number(),
    /** The HTTP status of the answer; null where there was none. */
    status: z.number().nullable(),
    /** Why it failed, in words; null when it has not. */
    error: z.string().nullable(),
  }),
);

/** An attempt to deliver something. */
export type Attempt = z.output<ReturnType<typeof attemptSchema>>;

const attemptsFormat = storedFormat("attempts of a delivery", 1, () =>
  z.object({ attempts: z.array(attemptSchema()) }),
);

/** The attempts that a row has, oldest first. */
export const readAttempts = (tried: string | null): Attempt[] =>
  tried === null ? [] : attemptsFormat.parse(tried).attempts;

/** The attempts of a row with another one, to be stored. */
export const withAttempt = (tried: string | null, attempt: Attempt): string =>
  attemptsFormat.stringify({ attempts: [...readAttempts(tried), attempt].slice(-MAX_KEPT) });
