import { type AwsCredentials, type AwsResult, type AwsTarget, callAws, malformed } from "./client.ts";
import { child, list, queryRequest, queryResult, text } from "./query.ts";

const VERSION = "2010-05-08";

/** What a principal's policies say of an action. */
export interface Simulated {
  decision: "allowed" | "denied";
  /**
   * Who denies it: a statement of the principal's own policies, the lack of one, the AWS organization, or the permissions boundary.
   * Null when it is allowed.
   */
  by: "statement" | "no-statement" | "organization" | "boundary" | null;
}

/**
 * SimulatePrincipalPolicy (IAM API reference 2010-05-08): what the policies of a user or a role say of some actions on one resource,
 * by the actions. An action is absent where that depends on what is not known here, such as where a request comes from. Policies of
 * organizations that have conditions are not looked at.
 * @param principal the ARN of a user or a role, not of a session
 */
export async function simulatePolicy<Action extends string>(
  target: AwsTarget,
  credentials: AwsCredentials,
  principal: string,
  actions: readonly Action[],
  resource: string,
): Promise<AwsResult<Map<Action, Simulated>>> {
  const action = "SimulatePrincipalPolicy";
  const names = actions.map((name, i) => [`ActionNames.member.${i + 1}`, name] as const);
  const request = queryRequest("iam", action, VERSION, {
    PolicySourceArn: principal,
    "ResourceArns.member.1": resource,
    ...Object.fromEntries(names),
  });
  const reply = await callAws(target, credentials, request);
  if (!reply.ok) return reply;
  const results = child(queryResult(reply.value, action), "EvaluationResults");
  if (results === undefined) return malformed(request);
  const found = new Map<Action, Simulated>();
  for (const result of list(results, "member")) {
    const name = actions.find((one) => one === text(result, "EvalActionName"));
    const decision = text(result, "EvalDecision");
    if (name === undefined || decision === undefined || child(result, "MissingContextValues") !== undefined)
      continue;
    const isRefused = (detail: string, element: string) => text(child(result, detail), element) === "false";
    const by = isRefused("OrganizationsDecisionDetail", "AllowedByOrganizations")
      ? "organization"
      : isRefused("PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary")
        ? "boundary"
        : decision === "explicitDeny"
          ? "statement"
          : decision === "implicitDeny"
            ? "no-statement"
            : null;
    found.set(name, { decision: by === null ? "allowed" : "denied", by });
  }
  return { ok: true, value: found };
}
