import * as z from "zod";
import { KEY_SCOPES } from "../../db/key-scopes.ts";
import { lazy } from "../../lib/lazy.ts";
import { limitSchema, once } from "../../lib/values.ts";

const DAY_SECONDS = 24 * 60 * 60;
/** How long a key may be valid, in seconds. */
export const MIN_KEY_SECONDS = DAY_SECONDS;
export const MAX_KEY_SECONDS = 365 * DAY_SECONDS;
/** How long it is unless that is said. */
export const DEFAULT_KEY_SECONDS = 90 * DAY_SECONDS;
/** The most characters of a key's name: as many as a program's that a device login makes one for (`nameSchema`). */
export const MAX_KEY_NAME = 100;

const NAME_LENGTH = `must be 1 to ${MAX_KEY_NAME} characters long`;
const NO_ID = "must be a positive integer, or null";
const OFFSET = "must be an integer from 0 to 1000000";

/** In how many seconds a key is to expire. */
export const keySecondsSchema = lazy(() =>
  z
    .int()
    .min(MIN_KEY_SECONDS, `must be at least ${MIN_KEY_SECONDS} seconds (a day)`)
    .max(MAX_KEY_SECONDS, `must be at most ${MAX_KEY_SECONDS} seconds (365 days)`),
);
/** The same, or null for never. */
export const keyExpirySchema = lazy(() => keySecondsSchema().nullable());
/** A key's name. */
export const keyNameSchema = lazy(() =>
  z
    .string()
    .min(1, NAME_LENGTH)
    .refine((name) => [...name].length <= MAX_KEY_NAME, NAME_LENGTH),
);
/** What a key may do. */
export const keyScopeSchema = lazy(() => z.enum(KEY_SCOPES, `must be one of ${KEY_SCOPES.join(", ")}`));
/** The id of the environment that a key is for; null for all of its owner's. */
export const keyEnvironmentSchema = lazy(() => z.int(NO_ID).positive(NO_ID).nullable());
const keyIdSchema = lazy(() => z.string().max(128, "must be at most 128 characters long"));

/** The body of POST /api/auth/api-key/create. */
export const createKeySchema = lazy(() =>
  z.strictObject({
    name: keyNameSchema().optional(),
    expiresIn: keyExpirySchema().default(DEFAULT_KEY_SECONDS),
    scope: keyScopeSchema().default("write"),
    envId: keyEnvironmentSchema().default(null),
  }),
);
/** The body of POST /api/auth/api-key/update. */
export const updateKeySchema = lazy(() =>
  z
    .strictObject({
      keyId: keyIdSchema(),
      name: keyNameSchema().optional(),
      enabled: z.boolean().optional(),
      expiresIn: keyExpirySchema().optional(),
    })
    .refine(
      ({ name, enabled, expiresIn }) =>
        name !== undefined || enabled !== undefined || expiresIn !== undefined,
      "must have a field to change",
    ),
);
/** The body of POST /api/auth/api-key/delete. */
export const deleteKeySchema = lazy(() => z.strictObject({ keyId: keyIdSchema() }));
/** How many keys a list leaves out before its first. */
export const keyOffsetSchema = lazy(() =>
  z
    .string()
    .regex(/^\d{1,7}$/, OFFSET)
    .transform(Number)
    .pipe(z.int().max(1_000_000, OFFSET)),
);
/** The query of GET /api/auth/api-key/list. */
export const listKeysSchema = lazy(() =>
  z.strictObject({ limit: once(limitSchema()), offset: once(keyOffsetSchema()) }),
);
/** The query of GET /api/auth/api-key/get. */
export const getKeySchema = lazy(() => z.strictObject({ id: once(keyIdSchema()).unwrap() }));
