import type * as z from "zod";
import { idSchema } from "../lib/values.ts";
import type { Parameter } from "./operation.ts";

/** The id in a path. */
export const idParameter = (name: string, description: string): Parameter => ({
  name,
  in: "path",
  description,
  schema: idSchema(),
  example: 1,
});

/**
 * The parameters of a query.
 * @param schema what validates it
 * @param said of each of them: a description, and an example where it helps
 */
export const queryParameters = <Query extends z.ZodObject>(
  schema: Query,
  said: { [Name in keyof Query["shape"]]: { description: string; example?: unknown } },
): Parameter[] =>
  Object.entries(schema.shape).map(([name, value]) => ({
    name,
    in: "query",
    ...said[name as keyof typeof said],
    schema: value as z.ZodType,
  }));

/** What is said of the format of a table. */
export const TABLE_FORMAT = {
  description:
    "JSON, or a file of CSV (RFC 4180) with a column for each field. There, a text that a spreadsheet would run as a formula begins with an apostrophe.",
};
