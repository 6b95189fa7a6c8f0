import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { nameSchema } from "../../lib/names.ts";
import {
  DEFAULT_KEY_SECONDS,
  keyEnvironmentSchema,
  keyScopeSchema,
  keySecondsSchema,
} from "../keys/schema.ts";
import { typedCode, USER_CODE } from "./codes.ts";

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
export const codeSchema = lazy(() =>
  z.strictObject({ client_id: clientSchema(), scope: keyScopeSchema().default("write") }),
);
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
    expiresIn: keySecondsSchema().default(DEFAULT_KEY_SECONDS),
    // As the program has asked for, if it is not said.
    scope: keyScopeSchema().optional(),
    envId: keyEnvironmentSchema().default(null),
  }),
);
