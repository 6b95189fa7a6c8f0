import type { AwsFailure } from "../../../src/aws/client.ts";
import type { AwsFailureKind } from "../../../src/aws/error-codes.ts";
import type { DbInstance, DbParameter } from "../../../src/aws/rds.ts";
import { type Answers, NOT_ASKED, type Subject } from "../../../src/environments/preflight/answers.ts";
import type { Check } from "../../../src/environments/preflight/checks.ts";
import { evaluate } from "../../../src/environments/preflight/evaluate.ts";

/*
 * What AWS may have said of an instance, and the checks that come of it. That the right calls are made, calls.test.ts shows against
 * the local AWS.
 */

/** What is looked at: an instance that a key reaches. */
export const SUBJECT: Subject = {
  region: "us-east-1",
  instance: "shop",
  by: "key",
  isOwnId: true,
  pending: [],
};

const INSTANCE: DbInstance = {
  identifier: "shop",
  arn: "arn:aws:rds:us-east-1:123456789012:db:shop",
  cluster: null,
  instanceClass: "db.t3.medium",
  storageType: "gp3",
  engine: "mysql",
  engineVersion: "8.0.43",
  status: "available",
  parameterGroup: "shop-params",
  parameterApplyStatus: "in-sync",
  pendingModified: false,
  accountId: "123456789012",
};

/** An answer. */
export const ok = <T>(value: T) => ({ ok: true as const, value });
/** A failure of AWS. */
export const fails = (
  kind: AwsFailureKind,
  code: string,
  message = "no",
  operation: string | null = null,
) => {
  const failure: AwsFailure = { kind, code, message, operation };
  return { ok: false as const, failure };
};
const NOT_THERE = fails("rejected", "InvalidParameterValue", "Could not find parameter with name: x");
/** The failure when AWS says that a permission is missing. */
export const denied = (action: string, why = "because no identity-based policy allows the action") =>
  fails(
    "denied",
    "AccessDenied",
    `User: arn:aws:iam::123456789012:user/secret-name is not authorized to perform: ${action} on resource: r ${why}`,
    action,
  );

const GOOD: Answers = {
  access: ok({ accessKeyId: "AKIA", secretAccessKey: "x" }),
  identity: ok({ accountId: "123456789012", arn: "arn:aws:iam::123456789012:user/secret-name" }),
  trust: null,
  instance: ok(INSTANCE),
  cluster: null,
  parameters: ok(new Map()),
  logFiles: ok([]),
  download: fails("not-found", "DBLogFileNotFoundFault"),
  metrics: ok([[{ time: 0, value: 1 }]]),
  simulation: fails("denied", "AccessDenied"),
  modify: NOT_THERE,
  reset: NOT_THERE,
  changes: { captures: 0, before: {} },
};

/** All checks of these answers; those that are left out say that all is well. */
export const all = (answers: Partial<Answers> = {}, subject: Partial<Subject> = {}) =>
  evaluate({ ...GOOD, ...answers }, { ...SUBJECT, ...subject });
/** One check of them. */
export const one = (id: string, answers: Partial<Answers> = {}, subject: Partial<Subject> = {}): Check => {
  const found = all(answers, subject).find((check) => check.id === id);
  if (found === undefined) throw new Error(`There is no check ${id}`);
  return found;
};
/** The answer of an instance that differs from a good one. */
export const instance = (change: Partial<DbInstance>) => ({ instance: ok({ ...INSTANCE, ...change }) });
/** The answer of a group's parameters that somebody has set. */
export const own = (values: Record<string, string>) =>
  ok(
    new Map<string, DbParameter>(
      Object.entries(values).map(([name, value]) => [name, { value, isOwn: true, isChangeable: true }]),
    ),
  );

/** The answers when a key is there, and nothing could be asked with it. */
export const NOTHING_ASKED: Answers = { ...GOOD, ...NOT_ASKED };
