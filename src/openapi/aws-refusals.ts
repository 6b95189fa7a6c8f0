import { explainOpenRole } from "../environments/open-role.ts";
import type { Refusal } from "./operation.ts";
import { refusals, saysForNow, saysLike } from "./refusals.ts";

/* What environments are refused for what AWS answers, or does not. */

/** The refusal when AWS does not accept the credentials, region or instance. */
export const AWS_WOULD_NOT = saysLike(
  "awsWouldNot",
  400,
  "There is no RDS instance demo-mysql in us-east-1 (DBInstanceNotFound). Check the instance's identifier and the region.",
  `(There is no RDS instance|AWS |\\w+:\\w+ |\\S+ runs .+ can be captured|\\S+ uses the parameter group |\\S+ is a (member of the Multi-AZ DB )?cluster|This service has no AWS identity).*`,
);

/** The refusals while AWS throttles, fails or does not answer: nothing is wrong with the request. */
export const AWS_CANNOT: Refusal[] = [
  saysForNow(
    "awsUnavailable",
    "AWS is throttling requests of this account: rds:DescribeDBInstances answered: Rate exceeded (Throttling). Try again soon.",
    "(AWS (is throttling requests of this account|could not answer): |\\w+:\\w+ answered ).+ Try again soon\\.",
  ),
  saysLike(
    "awsLate",
    504,
    "rds:DescribeDBInstances did not answer within 10 seconds (Timeout). Try again soon.",
    "\\w+:\\w+ (did not answer within .+ seconds|could not be reached|was not asked: ).+ Try again soon\\.",
  ),
];

/** The refusal when AWS refuses this service's own key, or its clock: neither is the caller's fault. */
const OWN_FAULT: Refusal = saysForNow(
  "ownFault",
  "AWS refuses this service's own key, with which it assumes roles: sts:AssumeRole answered: The security token included in the " +
    "request is invalid (InvalidClientTokenId). Its operator has to replace the key. Neither the role nor its trust policy is at fault.",
  "(AWS refuses this service's own key|The clock of this service is wrong).*",
);

const { said, advice } = explainOpenRole("no-id");
/** The refusals of a role that a request gives. */
export const OF_ROLES: Refusal[] = [
  ...refusals("noExternalId"),
  saysLike(
    "openRole",
    400,
    `${said}. ${advice}`,
    "This service can assume the role (with an external id that is not its own|without any external id), .*",
  ),
  saysForNow(
    "trustUnknown",
    "Whether the role asks for its external id could not be found out: AWS is throttling requests of this account: sts:AssumeRole answered: " +
      "Rate exceeded (Throttling). Try again soon.",
    "Whether the role asks for its external id could not be found out: .*",
  ),
  OWN_FAULT,
];

/** The refusal when AWS does not say who this service is. */
export const IDENTITY_UNKNOWN: Refusal = saysForNow(
  "identityUnknown",
  "AWS could not answer: sts:GetCallerIdentity answered 500 (HTTP500). Try again soon.",
  "(AWS |The clock of this service|sts:GetCallerIdentity ).*",
);
