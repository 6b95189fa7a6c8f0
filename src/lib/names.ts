import * as z from "zod";
import { lazy } from "./lazy.ts";

/** What is shown as the name of a deleted user. */
export const DELETED_NAME = "Deleted user";

/** The name of a capture or an environment: 1 to 100 characters without the space around it. */
export const nameSchema = lazy(() =>
  z
    .string()
    .trim()
    .refine((name) => name.length > 0, "must not be empty")
    .refine((name) => [...name].length <= 100, "must be at most 100 characters long")
    .refine((name) => name.isWellFormed() && !/\p{Cc}/u.test(name), "must not contain control characters"),
);
