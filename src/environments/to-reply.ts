import { isoTime } from "../lib/values.ts";
import type { Made } from "./creation.ts";
import { readPendingChanges, toOwed } from "./pending-changes.ts";
import type { Environment, Member } from "./replies.ts";
import type { EnvironmentRow, MemberRow } from "./store.ts";

/** An environment as the API shows it. */
export function toEnvironment(row: Made & Pick<EnvironmentRow, "owed">): Environment {
  const { id, name, region, instance, engine, engineVersion, parameterGroup, credentialsHint, role } = row;
  return {
    id,
    name,
    region,
    instance,
    engine,
    engineVersion,
    parameterGroup,
    credentials: credentialsHint.startsWith("arn:")
      ? { roleArn: credentialsHint }
      : { accessKeyId: credentialsHint },
    role,
    createdAt: isoTime(row.createdAt),
    owed: readPendingChanges(row).map(toOwed),
  };
}

/** A member as the API shows one. */
export function toMember({ userId, name, email, role, joinedAt }: MemberRow): Member {
  return { userId, name, email, role, joinedAt: isoTime(joinedAt) };
}
