import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { nameSchema } from "../../lib/names.ts";
import { typedCode, USER_CODE } from "./codes.ts";

const DAY_SECONDS = 24 * 60 * 60;
/** How long a program's key may be valid, in seconds: what better-auth allows of any key. */
export const MIN_KEY_SECONDS = DAY_SECONDS;
export const MAX_KEY_SECONDS = 365 * DAY_SECONDS;
/** How long it is, unless the person who approves it chooses otherwise. */
export const DEFAULT_KEY_SECONDS = 90 * DAY_SECONDS;

/** The value of `grant_type` that RFC 8628 has for this. */
export const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";

/**
 * What a program calls itself. A person decides by it, and it becomes the name of a key: nothing may be in it that can't be
 * seen, such as what turns the direction of text round.
 */
export const clientSchema = lazy(() =>
  nameSchema().refine((name) => !/[\p{Cf}\p{Zl}\p{Zp}]/u.test(name), "must not contain invisible characters"),
);

/** A user code as somebody has typed it. */
export const userCodeSchema = lazy(() =>
  z
    .string()
    .max(32, "must be at most 32 characters long")
    .transform(typedCode)
    .refine((code) => USER_CODE.test(code), "must be a code of eight letters, such as BCDF-GHJK"),
);

/** The body of POST /api/auth/device/code. The names are those of RFC 8628. */
export const codeSchema = lazy(() => z.strictObject({ client_id: clientSchema() }));
/** The body of POST /api/auth/device/token. The names are those of RFC 8628. */
export const tokenSchema = lazy(() =>
  z.strictObject({
    grant_type: z.literal(GRANT_TYPE),
    device_code: z.string().max(128, "must be at most 128 characters long"),
    client_id: clientSchema(),
  }),
);
/** The body of POST /api/auth/device/verify and of POST /api/auth/device/deny. */
export const verifySchema = lazy(() => z.strictObject({ userCode: userCodeSchema() }));
/** The body of POST /api/auth/device/approve. */
export const approveSchema = lazy(() =>
  z.strictObject({
    userCode: userCodeSchema(),
    expiresIn: z
      .int()
      .min(MIN_KEY_SECONDS, `must be at least ${MIN_KEY_SECONDS} seconds (a day)`)
      .max(MAX_KEY_SECONDS, `must be at most ${MAX_KEY_SECONDS} seconds (365 days)`)
      .default(DEFAULT_KEY_SECONDS),
  }),
);
