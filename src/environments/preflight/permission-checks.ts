import { denialOf, isDenied } from "../../aws/denials.ts";
import type { Simulated } from "../../aws/iam.ts";
import type { Answer, Answers, ProbedAction, Subject } from "./answers.ts";
import { type Check, type CheckSeverity, PERMISSIONS, type Permission } from "./checks.ts";
import { inWords, notAsked, passed, toCheck } from "./words.ts";

/*
 * Whether the credentials may do what captures need. Each action is asked for by a call that changes nothing. AWS looks at the
 * permission first: what it refuses for another reason is permitted.
 */

/** What is poorer without a permission that captures can do without. */
const WITHOUT: Partial<Record<Permission, string>> = {
  "rds:DescribeDBClusters": "Without it, captures don't say whether the instance is the writer or a reader.",
  "rds:ResetDBParameterGroup":
    "Without it, a parameter that had no value of its own is given the default as one when a capture ends.",
  "cloudwatch:GetMetricData": "Without it, captures have no metrics.",
};

/**
 * Refusals of the calls that show that the action is permitted, by what AWS calls them: of a parameter or a file that is not there
 * (RDS API reference, errors of ModifyDBParameterGroup, ResetDBParameterGroup and DownloadDBLogFilePortion; that an unknown
 * parameter is an InvalidParameterValue is not documented, and known: hashicorp/terraform-provider-aws issue 522).
 */
const PERMITTED =
  /^(InvalidParameterValue|InvalidParameterCombination|InvalidDBParameterGroupState|DBParameterGroupNotFound|DBLogFileNotFound|DBInstanceNotFound|DBInstanceNotReady|InvalidDBInstanceState|DBClusterNotFound)/;

/** The checks of all permissions that this instance needs. */
export function checkPermissions(answers: Answers, subject: Subject): Check[] {
  const isMember = answers.instance?.ok === true && answers.instance.value.cluster !== null;
  return PERMISSIONS.filter((action) => action !== "rds:DescribeDBClusters" || isMember).map((action) =>
    checkPermission(action, answers, subject),
  );
}

function checkPermission(action: Permission, answers: Answers, subject: Subject): Check {
  const id = `permission:${action}` as const;
  const without = WITHOUT[action];
  const severity: CheckSeverity = without === undefined ? "error" : "warning";
  const yes = () => passed(id, severity, `The credentials may do ${action}.`);
  const no = (detail: string, advice: string) =>
    toCheck(id, "failed", severity, [detail, without].filter(Boolean).join(" "), advice);
  const allow = `Allow ${action} on ${resourceOf(action, answers, subject)} in a policy of the user or role.`;

  const answer = answerOf(action, answers);
  if (answer === null) {
    const simulated = simulationOf(action, answers);
    if (simulated?.decision === "allowed") return yes();
    if (simulated !== null) return no(...saidBySimulation(action, simulated, allow));
    return notAsked(id, severity, "AWS was not asked, as it did not answer what had to be known before.");
  }
  if (answer.ok || PERMITTED.test(answer.failure.code)) return yes();
  const { detail, action: advice } = inWords(answer.failure, subject);
  if (!isDenied(answer.failure, "action")) return toCheck(id, "unknown", severity, detail, advice);
  const denial = denialOf(answer.failure);
  const isOwn = denial === null || (denial.policy === "identity-based policy" && !denial.isExplicit);
  return no(detail, isOwn ? allow : (advice ?? allow));
}

/** What came of the call by which a permission is known; null when it was not made. */
function answerOf(action: Permission, answers: Answers): Answer<unknown> {
  switch (action) {
    case "rds:DescribeDBInstances":
      return answers.instance;
    case "rds:DescribeDBClusters":
      return answers.cluster;
    case "rds:DescribeDBParameters":
      return answers.parameters;
    case "rds:ModifyDBParameterGroup":
      return answers.modify;
    case "rds:ResetDBParameterGroup":
      return answers.reset;
    case "rds:DescribeDBLogFiles":
      return answers.logFiles;
    case "rds:DownloadDBLogFilePortion":
      return answers.download;
    case "cloudwatch:GetMetricData":
      return answers.metrics;
  }
}

/** What IAM's simulation said of an action; null when it was not asked, or could not say. */
export function simulationOf(
  action: Permission,
  { simulation }: Pick<Answers, "simulation">,
): Simulated | null {
  if (simulation?.ok !== true) return null;
  return simulation.value.get(action as ProbedAction) ?? null;
}

function saidBySimulation(
  action: Permission,
  { by }: Simulated,
  allow: string,
): [detail: string, advice: string] {
  const said = `IAM's simulation says that ${action} is denied`;
  switch (by) {
    case "organization":
      return [
        `${said} by a policy of the AWS organization.`,
        `No permission in the account outweighs it: ask whoever administers the organization to allow ${action}.`,
      ];
    case "boundary":
      return [
        `${said} by the permissions boundary of the user or role.`,
        `Allow ${action} in the boundary, and in a policy.`,
      ];
    case "statement":
      return [`${said} by a Deny statement.`, `Take ${action} out of the statement that denies it.`];
    default:
      return [`${said}, since no policy allows it.`, allow];
  }
}

/** The ARN of what an action is needed on, as far as it is known. */
function resourceOf(action: Permission, { instance }: Answers, { region, instance: name }: Subject): string {
  if (action.startsWith("cloudwatch:")) return "*";
  if (instance?.ok !== true) return `the instance ${name} in ${region}`;
  const { arn, parameterGroup, cluster } = instance.value;
  if (action === "rds:DescribeDBClusters") return siblingOf(arn, "cluster", cluster ?? "*");
  return /Parameter/.test(action) ? siblingOf(arn, "pg", parameterGroup) : arn;
}

/** The ARN of something else of RDS in the account and region of an instance. */
export function siblingOf(instanceArn: string, kind: "pg" | "cluster", name: string): string {
  return [...instanceArn.split(":").slice(0, 5), kind, name].join(":");
}
