import * as z from "zod";
import { lazy } from "../lib/lazy.ts";

/** The body of POST /api/captures/{id}/erase. */
export const eraseSchema = lazy(() => z.strictObject({ keepMetrics: z.boolean().optional() }));
