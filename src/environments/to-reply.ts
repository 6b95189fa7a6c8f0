import { type Env, positiveNumber } from "../env.ts";
import { isoTime } from "../lib/values.ts";
import type { Made } from "./creation.ts";
import type { ErasureRow } from "./erasures.ts";
import type { OpenInviteRow, SeenInviteRow } from "./invites.ts";
import type { MemberRow } from "./members.ts";
import { readPendingChanges, toOwed } from "./pending-changes.ts";
import { readChecks } from "./preflight/stored.ts";
import type {
  CaptureErasure,
  Environment,
  FullEnvironment,
  Member,
  OpenInvite,
  SeenInvite,
} from "./replies.ts";
import type { EnvironmentRow, ListedEnvironmentRow } from "./store.ts";

/** An environment as the API lists it. */
export function toEnvironment(
  row: Omit<Made, "checks" | "checkedAt"> & Pick<ListedEnvironmentRow, "owed">,
): Environment {
  const { id, name, region, instance, engine, engineVersion, parameterGroup, cluster, role } = row;
  return {
    id,
    name,
    region,
    instance,
    engine,
    engineVersion,
    parameterGroup,
    cluster,
    credentials: role === "admin" ? toCredentials(row) : null,
    role,
    ready: row.isReady === 1,
    createdAt: isoTime(row.createdAt),
    retention: { workloadDays: row.retentionDays, keepMetrics: row.retainsMetrics === 1 },
    sealed: row.sealed === 1,
    owed: readPendingChanges(row).map(toOwed),
  };
}

/** An environment as the API shows one. */
export function toFullEnvironment(
  row: Made & Pick<EnvironmentRow, "owed" | "recordedBytes" | "recordedSince">,
  env: Env,
): FullEnvironment {
  const checks = readChecks(row.checks);
  return {
    ...toEnvironment(row),
    checks: checks ?? [],
    checkedAt: checks === null || row.checkedAt === null ? null : isoTime(row.checkedAt),
    recorded: {
      since: isoTime(row.recordedSince),
      bytes: row.recordedBytes,
      maxBytes: positiveNumber(env, "MAX_MONTHLY_BYTES"),
    },
  };
}

/** What admins are shown of credentials. */
function toCredentials({
  credentialsHint,
  externalId,
}: Pick<EnvironmentRow, "credentialsHint" | "externalId">): Environment["credentials"] {
  if (!credentialsHint.startsWith("arn:")) return { accessKeyId: credentialsHint };
  const externalIdOrigin = externalId === null ? "person" : "service";
  return { roleArn: credentialsHint, externalId, externalIdOrigin };
}

/** A member as the API shows one. */
export function toMember({ userId, name, email, emailVerified, role, joinedAt }: MemberRow): Member {
  return { userId, name, email, emailVerified: emailVerified === 1, role, joinedAt: isoTime(joinedAt) };
}

/** The erasure of a capture as the API shows it. */
export function toErasure(row: ErasureRow): CaptureErasure {
  return {
    capture: row.captureId,
    name: row.captureName,
    why: row.why,
    by: row.requestedBy === null ? null : { id: row.requestedBy, name: row.requesterName },
    requestedAt: isoTime(row.requestedAt),
    metrics: row.withMetrics === 1,
    objects: row.objects,
    bytes: row.bytes,
    finishedAt: isoTime(row.finishedAt),
  };
}

/** An invite as the API lists it. */
export function toOpenInvite(row: OpenInviteRow): OpenInvite {
  const { id, role, email, createdBy, createdByName, createdAt, expiresAt } = row;
  const times = { createdAt: isoTime(createdAt), expiresAt: isoTime(expiresAt) };
  return { id, role, email, createdBy: { id: createdBy, name: createdByName }, ...times };
}

/** An invite as the API shows it to the invited. */
export function toSeenInvite(row: SeenInviteRow): SeenInvite {
  const { envId, environment, region, instance, role, invitedByName, invitedByEmail, expiresAt } = row;
  return {
    environment: { id: envId, name: environment, region, instance },
    role,
    invitedBy: { name: invitedByName, email: invitedByEmail },
    expiresAt: isoTime(expiresAt),
  };
}
