import * as z from "zod";
import { lazy } from "../lib/lazy.ts";

/** A structured field's string, or as many clients send it: the same without quotes, of visible characters only. */
const KEY = /^(?:"((?:[ !#-[\]-~]|\\["\\]){1,255})"|([!#-+\--:<-[\]-~]{1,255}))$/;

/** The header `Idempotency-Key`. Quoted or not, a key is the same key. */
export const idempotencyKeySchema = lazy(() =>
  z
    .string()
    .regex(KEY, 'must be one string of 1 to 255 characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"')
    .transform((text) => {
      const [, quoted = "", plain] = KEY.exec(text) ?? [];
      return plain ?? quoted.replace(/\\(.)/g, "$1");
    }),
);
