import type { Account } from "./accounts.ts";
import { type AwsError, constraintError, queryError } from "./errors.ts";
import { makeToken, readToken } from "./paging.ts";
import { partitionOf } from "./partition.ts";
import { type Denial, denialOf } from "./policy.ts";
import type { QueryParameters, XmlElements } from "./query.ts";
import type { Call, QueryService } from "./service.ts";

const MAX_ITEMS = 1_000;
const DEFAULT_ITEMS = 100;

/** AWS Identity and Access Management: Query protocol, version 2010-05-08; one endpoint for a partition. */
export const iam: QueryService = {
  protocol: "query",
  signingName: "iam",
  anyRegion: false,
  regionFor: (region) => partitionOf(region).iamRegion,
  iamPrefix: "iam",
  version: "2010-05-08",
  namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
  actions: {
    SimulatePrincipalPolicy: {
      run: simulate,
      resource: (_call, parameters) => parameters.get("PolicySourceArn") ?? "*",
      // Few policies allow it, and that of an environment does not.
      deniedUnlessAllowed: true,
    },
  },
};

/** What the principal's policies say of each action on each resource (IAM API reference, SimulatePrincipalPolicy). */
function simulate({ account }: Call, parameters: QueryParameters): XmlElements {
  const source = parameters.get("PolicySourceArn") ?? "";
  if (source.length < 20)
    throw constraintError("policySourceArn", source, "have length greater than or equal to 20");
  const principal = principalOf(account, source);
  const actions = members(parameters, "ActionNames");
  if (actions.length === 0) throw constraintError("actionNames", null, "not be null");
  const unknown = actions.find((action) => !/^[a-z0-9-]+:[A-Za-z0-9*]+$/.test(action));
  if (unknown !== undefined) throw invalidInput(`Invalid Action ${unknown}`);
  const resources = members(parameters, "ResourceArns");
  const pairs = actions.flatMap((action) =>
    (resources.length === 0 ? ["*"] : resources).map((resource) => ({ action, resource })),
  );
  const { page, marker } = pageOf(account, parameters, pairs);
  return {
    EvaluationResults: {
      member: page.map(({ action, resource }) =>
        evaluation(action, resource, denialOf(account, principal, action, resource)),
      ),
    },
    IsTruncated: marker !== undefined,
    Marker: marker,
  };
}

/**
 * One EvaluationResult. What organisations and boundaries have to say is there if they are why: without an organisation or a
 * boundary AWS leaves these elements out.
 */
function evaluation(action: string, resource: string, denial: Denial | undefined): XmlElements {
  const isDenied = denial !== undefined;
  const isExplicit = isDenied && denial.isExplicit === true;
  return {
    MatchedStatements: isDenied && !isExplicit ? {} : { member: matchedStatement },
    MissingContextValues: {},
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: !isDenied ? "allowed" : isExplicit ? "explicitDeny" : "implicitDeny",
    ...(denial?.policy === "service-control"
      ? { OrganizationsDecisionDetail: { AllowedByOrganizations: false } }
      : {}),
    ...(denial?.policy === "permissions-boundary"
      ? { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } }
      : {}),
  };
}

const matchedStatement: XmlElements = {
  SourcePolicyId: "captures",
  SourcePolicyType: "IAM Policy",
  StartPosition: { Line: 3, Column: 16 },
  EndPosition: { Line: 9, Column: 6 },
};

/** Whose policies are asked for: a user or a role of the account. A session has none of its own, and AWS refuses its ARN so. */
function principalOf(account: Account, arn: string): { accessKeyId: string; roleArn?: string } {
  const [, kind, path = ""] = /^arn:[a-z-]+:iam::\d{12}:(user|role|group)\/(.+)$/.exec(arn) ?? [];
  if (kind === undefined) {
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  }
  const user = account.users.find((one) => one.arn === arn);
  if (user !== undefined) return { accessKeyId: user.accessKeyId };
  if (account.roles.has(arn)) return { accessKeyId: "", roleArn: arn };
  const name = path.slice(path.lastIndexOf("/") + 1);
  throw queryError("NoSuchEntity", 404, `The ${kind} with name ${name} cannot be found.`);
}

/** The texts of a list: `ActionNames.member.1` and so on. */
function members(parameters: QueryParameters, name: string): string[] {
  const pattern = new RegExp(`^${name}\\.member\\.([1-9]\\d{0,4})$`);
  return [...parameters]
    .flatMap(([key, value]) => {
      const number = pattern.exec(key)?.[1];
      return number === undefined ? [] : [{ number: Number(number), value }];
    })
    .sort((a, b) => a.number - b.number)
    .map(({ value }) => value);
}

function pageOf<Item>(
  account: Account,
  parameters: QueryParameters,
  items: readonly Item[],
): { page: readonly Item[]; marker: string | undefined } {
  const size = Number(parameters.get("MaxItems") ?? DEFAULT_ITEMS);
  if (!Number.isInteger(size) || size < 1 || size > MAX_ITEMS) {
    throw constraintError("maxItems", String(size), `have value between 1 and ${MAX_ITEMS}`);
  }
  const scope = [account.id, ...[...parameters].filter(([name]) => name !== "Marker" && name !== "MaxItems")];
  const given = parameters.get("Marker");
  const start = given === undefined ? 0 : readToken(scope, given);
  if (typeof start !== "number") throw invalidInput("The Marker is not valid for this request.");
  const end = start + size;
  return { page: items.slice(start, end), marker: end < items.length ? makeToken(scope, end) : undefined };
}

function invalidInput(message: string): AwsError {
  return queryError("InvalidInput", 400, message);
}
