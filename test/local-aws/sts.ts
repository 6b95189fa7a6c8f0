import type { Role } from "./accounts.ts";
import { commonErrors, constraintError, queryError } from "./errors.ts";
import type { QueryParameters, XmlElements } from "./query.ts";
import type { Call, QueryService } from "./service.ts";

const DEFAULT_DURATION_SECONDS = 3_600;
const MIN_DURATION_SECONDS = 900;
/** A role's MaxSessionDuration, unless someone raised it. */
const MAX_DURATION_SECONDS = 3_600;

/** AWS Security Token Service: Query protocol, version 2011-06-15. */
export const sts: QueryService = {
  protocol: "query",
  signingName: "sts",
  anyRegion: true,
  iamPrefix: "sts",
  version: "2011-06-15",
  namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
  actions: {
    AssumeRole: {
      run: assumeRole,
      resource: (_call, parameters) => parameters.get("RoleArn") ?? "*",
      concerns: ({ accounts }, parameters) => accounts.role(parameters.get("RoleArn") ?? "")?.account,
    },
    GetCallerIdentity: {
      alwaysAllowed: true,
      run: ({ principal }) => ({
        UserId: principal.userId,
        Account: principal.account.id,
        Arn: principal.arn,
      }),
    },
  },
};

function assumeRole({ accounts, principal }: Call, parameters: QueryParameters): XmlElements {
  const roleArn = required(parameters, "RoleArn", 20, 2_048);
  const sessionName = required(parameters, "RoleSessionName", 2, 64);
  if (!/^[\w+=,.@-]*$/.test(sessionName)) {
    throw constraintError("roleSessionName", sessionName, "satisfy regular expression pattern: [\\w+=,.@-]*");
  }
  const asked = durationOf(parameters);
  const found = accounts.role(roleArn);
  const externalId = parameters.get("ExternalId");
  checkExternalId(externalId);
  const isTrusted =
    found?.role.trustedAccountId === principal.account.id && meetsCondition(found.role, externalId);
  // AWS words an unknown role, a caller who is not trusted and a wrong external id alike, so that nobody can probe.
  if (found === undefined || !isTrusted) {
    throw commonErrors.accessDenied(
      `User: ${principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    );
  }
  const { account, role } = found;
  const session = accounts.createSession(account, role, sessionName, role.durationSeconds ?? asked);
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.session.token,
      Expiration: new Date(session.session.expiresAt).toISOString().replace(/\.\d{3}/, ""),
    },
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
  };
}

/** Whether an ExternalId, or none, meets the condition of a role's trust policy. */
function meetsCondition(role: Role, externalId: string | undefined): boolean {
  if (role.externalId === null) return true;
  if (externalId === undefined) return role.isExternalIdOptional;
  return role.externalId === "*" || role.externalId === externalId;
}

/** What the API reference says of AssumeRole's ExternalId. @throws AwsError ValidationError */
function checkExternalId(value: string | undefined): void {
  if (value === undefined) return;
  checkLength("externalId", value, 2, 1_224);
  if (!/^[\w+=,.@:/-]*$/.test(value)) {
    throw constraintError("externalId", value, "satisfy regular expression pattern: [\\w+=,.@:\\/-]*");
  }
}

function durationOf(parameters: QueryParameters): number {
  const text = parameters.get("DurationSeconds") ?? String(DEFAULT_DURATION_SECONDS);
  if (!/^\d{1,9}$/.test(text)) {
    throw commonErrors.malformedBody(`${text} is not a valid value for DurationSeconds`);
  }
  const seconds = Number(text);
  if (seconds < MIN_DURATION_SECONDS) {
    const constraint = `have value greater than or equal to ${MIN_DURATION_SECONDS}`;
    throw constraintError("durationSeconds", text, constraint);
  }
  if (seconds > MAX_DURATION_SECONDS) {
    const message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    throw queryError("ValidationError", 400, message);
  }
  return seconds;
}

function required(parameters: QueryParameters, name: string, minLength: number, maxLength: number): string {
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  const value = parameters.get(name);
  if (value === undefined) throw constraintError(member, null, "not be null");
  checkLength(member, value, minLength, maxLength);
  return value;
}

function checkLength(member: string, value: string, least: number, most: number): void {
  if (value.length < least)
    throw constraintError(member, value, `have length greater than or equal to ${least}`);
  if (value.length > most) throw constraintError(member, value, `have length less than or equal to ${most}`);
}
