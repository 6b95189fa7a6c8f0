import { type AwsFailure, isTransient } from "../../aws/client.ts";
import { explanation } from "../../aws/explain.ts";
import type { Subject } from "./answers.ts";
import type { Check, CheckId, CheckSeverity, CheckStatus } from "./checks.ts";

/*
 * How checks are made, and how a failure of AWS is said in one.
 */

const TITLES: Readonly<Record<string, string>> = {
  credentials: "AWS accepts the credentials",
  "external-id": "The role asks for its external id",
  instance: "The instance is there",
  state: "The instance is up",
  engine: "The engine can be captured",
  cluster: "Its place in its cluster",
  "parameter-group": "The parameter group can be changed",
  "pending-reboot": "The server has what the parameter group says",
  logging: "What is logged now",
  restore: "What captures have changed can be restored",
  metrics: "CloudWatch has metrics",
};

/** Makes a check. */
export function toCheck(
  id: CheckId,
  status: CheckStatus,
  severity: CheckSeverity,
  detail: string,
  action: string | null = null,
): Check {
  return {
    id,
    title: TITLES[id] ?? id.replace(/^permission:/, "Permission "),
    status,
    severity,
    detail,
    action,
  };
}

/** One that passed. */
export const passed = (id: CheckId, severity: CheckSeverity, detail: string): Check =>
  toCheck(id, "passed", severity, detail);

/** One of which nothing is known, since something that had to be known before it is not. */
export const notAsked = (id: CheckId, severity: CheckSeverity, why: string): Check =>
  toCheck(id, "unknown", severity, why);

/** Why what depends on the instance was not asked. */
export const NO_INSTANCE = "AWS was not asked: it is not known which instance this is.";

/** A check by a call that AWS did not answer as hoped: unknown if trying again can help. */
export function byFailure(
  id: CheckId,
  severity: CheckSeverity,
  failure: AwsFailure,
  subject: Subject,
): Check {
  const { detail, action } = inWords(failure, subject);
  return toCheck(id, isTransient(failure) ? "unknown" : "failed", severity, detail, action);
}

/** A failure in the words of a check. */
export function inWords(
  failure: AwsFailure,
  { instance, region }: Pick<Subject, "instance" | "region">,
): { detail: string; action: string | null } {
  const { said, advice } = explanation(failure, instance, region);
  return { detail: `${said}.`, action: advice };
}
