import * as z from "zod";
import { lazy } from "../lib/lazy.ts";

/* The fields that bodies of several operations of `/api/auth` have. */

/** The longest address that mail can have (RFC 5321, section 4.5.3.1.3). */
const MAX_EMAIL = 254;
/** The most characters of a password: to hash a longer one would cost more. */
const MAX_PASSWORD = 128;

/** An e-mail address, in small letters as accounts have it. */
export const emailSchema = lazy(() =>
  z
    .email()
    .max(MAX_EMAIL)
    .toLowerCase()
    .meta({ examples: ["demo@example.com"] }),
);

/** A password that is compared with what is stored of one. */
export const passwordSchema = lazy(() =>
  z
    .string()
    .max(MAX_PASSWORD, `must be at most ${MAX_PASSWORD} characters long`)
    .meta({ format: "password" }),
);

/** A password that is set. */
export const newPasswordSchema = lazy(() => passwordSchema().min(8, "must be at least 8 characters long"));
