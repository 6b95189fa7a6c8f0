import { ApiError, refusal } from "../http/refusals.ts";

/** What is refused of environments, their members and invites. */
export const refuseEnvironment = {
  memberNotFound: refusal(404, "Member not found"),
  inviteNotFound: refusal(
    404,
    "Invite does not exist, has expired, was used or revoked already, or is for another e-mail address",
  ),
  addressUnproven: refusal(
    403,
    "Invite is for your e-mail address, which nobody has proven to be yours: confirm it by the link that was mailed to it when you signed up, or ask for another by POST /api/auth/send-verification-email, and open the invite again",
  ),
  openInviteNotFound: refusal(404, "Invite not found"),
  lastAdmin: refusal(409, "Environment needs at least one admin: make another member admin first"),
  alreadyMember: refusal(409, "You are a member of this environment already"),
  liveCaptures: refusal(409, "Environment has captures that have not ended: stop or delete them first"),
  otherAccount: refusal(
    409,
    "credentials: are of another AWS account, and what has not ended still needs the environment's: end its live captures, and see to what it owes (owed), first",
  ),
  stillOwed: refusal(
    409,
    "Environment has not given a parameter group back as it was found (see owed): check it to try again, or abandon it first",
  ),
  changedMeanwhile: refusal(
    409,
    "Environment was changed by somebody else just now: look at it and try again",
  ),
  noIdentity: refusal(
    409,
    "This service has no AWS identity of its own, and can't assume roles: give the environment an access key instead",
  ),
  noExternalId: refusal(
    400,
    "credentials: a role needs an external id of this service's first: ask for it by POST /api/environments/external-id, and let the role's trust policy ask for it",
  ),
  externalIdUsed: refusal(
    409,
    "The external id that this role asks for is not pending any more: another environment was registered with it just now. Ask for one again, and let the role's trust policy ask for that",
  ),
  keyNeeded: refusal(
    400,
    "credentials: have to be given again with another region or instance, since a stored access key is used for what it was given for",
  ),
} as const;

/** Of an environment that somebody has no place for: one may be admin of `limit`. */
export const tooManyEnvironments = (limit: number): ApiError =>
  new ApiError(
    409,
    `You are an admin of ${limit} environments, which is the most you may be: delete one, or leave it, first`,
  );

/** Of an invite that an environment has no place for: it may have `limit` that are open. */
export const tooManyInvites = (limit: number): ApiError =>
  new ApiError(
    409,
    `Environment has ${limit} invites that can still be accepted, which is the most it may have: wait until some are used or expire`,
  );
