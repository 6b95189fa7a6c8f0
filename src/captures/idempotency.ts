import * as z from "zod";
import { STATUSES } from "../db/states.ts";
import { sha256 } from "../lib/hash.ts";
import { storedFormat } from "../lib/stored.ts";
import type { CaptureRow } from "./schema.ts";

/*
 * Requests that make something are done once, however often they are sent with one Idempotency-Key
 * (draft-ietf-httpapi-idempotency-key-header): what was made is remembered for a day, by the batch that makes it.
 */

/** How long a key is remembered. */
export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** A structured field's string, or as many clients send it: the same without quotes, of visible characters only. */
export const KEY = /^(?:"((?:[ !#-[\]-~]|\\["\\]){1,255})"|([!#-+\--:<-[\]-~]{1,255}))$/;

/** The header `Idempotency-Key`. Quoted or not, a key is the same key. */
export const idempotencyKeySchema = z.string().transform((text, ctx) => {
  const [, quoted, plain] = KEY.exec(text) ?? [];
  const key = plain ?? quoted?.replace(/\\(.)/g, "$1");
  if (key !== undefined) return key;
  ctx.addIssue({
    code: "custom",
    message: 'must be one string of 1 to 255 characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"',
  });
  return z.NEVER;
});

/** A key, and the SHA-256 of what was asked for with it. */
export interface KeyedRequest {
  key: string;
  fingerprint: string;
}

/**
 * Puts a request together with its key. Requests are the same when they ask for the same: the fingerprint is of what the body
 * was read as, so that space, the order of fields, and null for an absent field make no other request.
 * @param request what was read, JSON's values; different kinds of requests must not look alike
 */
export async function keyedRequest(key: string, request: object): Promise<KeyedRequest> {
  return { key, fingerprint: await sha256(JSON.stringify(request)) };
}

const capturedSchema = z.object({
  id: z.number(),
  name: z.string(),
  start: z.number().nullable(),
  scheduledStart: z.number().nullable(),
  scheduledEnd: z.number().nullable(),
  end: z.number().nullable(),
  status: z.enum(STATUSES),
  envId: z.number(),
  reason: z.string().nullable(),
  redact: z.enum(["secrets", "literals"]),
  version: z.number(),
}) satisfies z.ZodType<CaptureRow>;

/**
 * How the answer to the key of a request for a capture is stored: the capture as it was made. Before there were versions it was the capture itself, whose
 * `version` is another: how often it has changed.
 */
export const answerFormat = storedFormat(
  "answer to an Idempotency-Key",
  1,
  z.union([z.object({ capture: capturedSchema }), capturedSchema.transform((capture) => ({ capture }))]),
);
