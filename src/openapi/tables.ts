import type { Answer } from "./operation.ts";

/** A table as CSV, beside JSON in the content of an answer. */
export const asCsv = (example: string): NonNullable<Answer["content"]> => ({
  "text/csv": {
    schema: { type: "string", contentMediaType: "text/csv", description: "A line of names, then the rows." },
    example,
  },
});
