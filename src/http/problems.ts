import type * as z from "zod";
import { cut } from "../lib/values.ts";
import "../lib/validation-words.ts";

/** How many different problems of a request are said, and the most characters of each: a caller chooses both. */
const MAX_PROBLEMS = 10;
const MAX_PROBLEM = 500;
/** The most characters of all of them, so that what follows still fits a message. */
const MAX_PROBLEMS_LENGTH = 950;

/**
 * Says what is wrong with what was sent, such as `duration: must be a number; name: is required`.
 * @param name of the header or the part of the path that it is; of a query or a body, the fields have names of their own
 */
export function problemsOf({ issues }: z.ZodError, name?: string): string {
  const problems = [...new Set(issues.map((issue) => cut(describe(issue, name), MAX_PROBLEM)))];
  const said = problems.slice(0, MAX_PROBLEMS);
  while (said.length > 1 && said.join("; ").length > MAX_PROBLEMS_LENGTH) said.pop();
  const more = problems.length - said.length;
  return [...said, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function describe(issue: z.core.$ZodIssue, name?: string): string {
  // An index tells nothing about a query parameter, whose values are a list only so that they can repeat.
  const path = [name, ...issue.path.filter((part) => typeof part === "string")].filter(Boolean).join(".");
  const where = path === "" ? "body" : path;
  if (issue.code === "unrecognized_keys") {
    return `${issue.keys.map((key) => [path, key].filter(Boolean).join(".")).join(", ")}: not known here`;
  }
  return `${where}: ${issue.message}`;
}
