import type { Answers, Subject } from "./answers.ts";
import type { Check } from "./checks.ts";
import { checkLogging, checkRestore } from "./group-checks.ts";
import {
  checkCluster,
  checkCredentials,
  checkEngine,
  checkInstance,
  checkMetrics,
  checkParameterGroup,
  checkPendingReboot,
  checkState,
} from "./instance-checks.ts";
import { checkPermissions } from "./permission-checks.ts";
import { checkTrust } from "./trust-check.ts";

/** Judges what a preflight has found out: all checks, in the order in which they are shown. Pure. */
export function evaluate(answers: Answers, subject: Subject): Check[] {
  const checks: (Check | null)[] = [
    checkCredentials(answers, subject),
    checkTrust(answers, subject),
    checkInstance(answers, subject),
    checkState(answers),
    checkEngine(answers),
    checkCluster(answers, subject),
    checkParameterGroup(answers),
    checkPendingReboot(answers),
    ...checkPermissions(answers, subject),
    checkLogging(answers, subject),
    checkRestore(answers, subject),
    checkMetrics(answers, subject),
  ];
  return checks.filter((check) => check !== null);
}
