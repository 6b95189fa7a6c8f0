import * as z from "zod";
import { lazy } from "../lib/lazy.ts";

/** The body of `DELETE /api/account`. */
export const deleteAccountSchema = lazy(() =>
  z.strictObject({
    password: z
      .string()
      .min(1, "must not be empty")
      .max(128, "must be at most 128 characters long")
      .optional(),
  }),
);
