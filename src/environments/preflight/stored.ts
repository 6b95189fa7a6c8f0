import * as z from "zod";
import { withoutPrincipals, withoutPrincipalsOrNull } from "../../aws/principals.ts";
import { lazy } from "../../lib/lazy.ts";
import { describeError, log } from "../../lib/log.ts";
import { storedFormat, Unreadable } from "../../lib/stored.ts";
import { CHECK_SEVERITIES, CHECK_STATUSES, type Check } from "./checks.ts";

const checkSchema = lazy(() =>
  z.object({
    id: z.string(),
    title: z.string(),
    status: z.enum(CHECK_STATUSES),
    severity: z.enum(CHECK_SEVERITIES),
    detail: z.string(),
    action: z.string().nullable(),
  }),
);

/** How the checks of an environment are stored, in `environments.checks`. */
const checksFormat = storedFormat("checks of an environment", 1, () =>
  z.object({ checks: z.array(checkSchema()) }),
);

/** Some checks, to be stored. */
export const writeChecks = (checks: Check[]): string => checksFormat.stringify({ checks });

/**
 * Reads stored checks. Those from before names of users and roles were left out are shown without them.
 * @returns null when there are none, or a newer version of the service wrote them: they are made again by asking AWS, so an
 *   environment can do without them
 */
export function readChecks(stored: string | null): Check[] | null {
  if (stored === null) return null;
  try {
    return checksFormat.parse(stored).checks.map((check) => ({
      ...check,
      detail: withoutPrincipals(check.detail),
      action: withoutPrincipalsOrNull(check.action),
    }));
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    log.warn("environment.checks.unreadable", describeError(error));
    return null;
  }
}
