import type { Check } from "../../src/environments/preflight/checks.ts";
import type { CheckedEnvironment, FullEnvironment } from "../../src/environments/replies.ts";
import type { LocalAccount } from "../local-aws/test/client.ts";
import type { Person, Reply } from "../support/api.ts";

/** Asks to make an environment of an account's first instance, but for what the body has otherwise. */
export const make = (
  person: Person,
  { credentials, region, instance }: LocalAccount,
  change: Record<string, unknown> = {},
): Promise<Reply<FullEnvironment & { message?: string }>> =>
  person.post("/api/environments", { name: "checked", credentials, region, instance, ...change });

/** Has an environment checked. */
export const check = (person: Person, id: number): Promise<Reply<CheckedEnvironment>> =>
  person.post(`/api/environments/${id}/check`);

/** The check with an id. */
export function inChecks(checks: Check[] | undefined, id: string): Check {
  const found = checks?.find((one) => one.id === id);
  if (found === undefined) throw new Error(`There is no check ${id}`);
  return found;
}

/** The ids and states of the checks that have not passed. */
export const notPassed = (checks: Check[]): string[] =>
  checks.filter(({ status }) => status !== "passed").map(({ id, status }) => `${id} ${status}`);
