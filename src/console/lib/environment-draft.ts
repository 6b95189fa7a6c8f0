import { roleArnForm } from "../../aws/partitions.ts";
import type { FullEnvironment, NewEnvironment } from "../api/types.ts";
import { type FormErrors, refused } from "./refusals.ts";

/** What is typed and chosen in the forms of an environment. */
export interface EnvironmentDraft {
  name: string;
  region: string;
  instance: string;
  /** Its parameter group and its cluster, where they are known; empty where not. */
  parameterGroup: string;
  cluster: string;
  /** The number of the account that it is in, where AWS has said it; empty where not. */
  accountId: string;
  by: "role" | "key";
  accessKeyId: string;
  secretAccessKey: string;
  roleArn: string;
}

/** No instance. */
export const NO_INSTANCE = { instance: "", parameterGroup: "", cluster: "", accountId: "" };

/** An empty form. */
export const EMPTY_DRAFT: EnvironmentDraft = {
  name: "",
  region: "",
  ...NO_INSTANCE,
  by: "role",
  accessKeyId: "",
  secretAccessKey: "",
  roleArn: "",
};

/** The fields of how an environment is called and reached. */
export const ACCESS_FIELDS = ["name", "accessKeyId", "secretAccessKey", "roleArn", "credentials"] as const;
/** The fields of which instance it is. */
export const INSTANCE_FIELDS = ["region", "instance"] as const;
/** All of them. */
export const ENVIRONMENT_FIELDS = [...ACCESS_FIELDS, ...INSTANCE_FIELDS];

const LABELS: Record<string, string> = {
  name: "The name",
  accessKeyId: "The access key id",
  secretAccessKey: "The secret access key",
  roleArn: "The role's ARN",
  region: "The region",
  instance: "The instance",
};

/** What is wrong with fields of other steps, or with all of it, in words; null for nothing. */
export function inWords({ fields, form }: FormErrors): string | null {
  const ofFields = Object.entries(fields).map(
    ([field, words]) => `${LABELS[field] ?? "The access"} ${words}.`,
  );
  const all = form === null ? ofFields : [...ofFields, form];
  return all.length === 0 ? null : all.join(" ");
}

/** The credentials that a draft has. */
export function credentialsOf({
  by,
  accessKeyId,
  secretAccessKey,
  roleArn,
}: EnvironmentDraft): NewEnvironment["credentials"] {
  return by === "key" ? { accessKeyId, secretAccessKey } : { roleArn };
}

/** Who it is that AWS knows by the credentials of a draft. */
const accessOf = ({ by, accessKeyId, roleArn }: EnvironmentDraft): string =>
  by === "key" ? accessKeyId : roleArn;

/**
 * A draft whose access may have changed: without the instance that was chosen by another access, as that may be of another account.
 * @param chosen the draft in which the instance was chosen; null if that is still to come
 */
export const afterAccess = (draft: EnvironmentDraft, chosen: EnvironmentDraft | null): EnvironmentDraft =>
  chosen !== null && chosen.instance === draft.instance && accessOf(chosen) !== accessOf(draft)
    ? { ...draft, ...NO_INSTANCE }
    : draft;

/** The environment that a draft asks for. */
export const requestOf = (draft: EnvironmentDraft): NewEnvironment => ({
  name: draft.name,
  region: draft.region,
  instance: draft.instance,
  credentials: credentialsOf(draft),
});

/**
 * Looks whether the fields of access have what each needs, before AWS is asked. The service looks closer.
 * @throws CapturesError as the service's refusals are
 */
export function requireAccess({ name, by, accessKeyId, secretAccessKey, roleArn }: EnvironmentDraft): void {
  const problems = [
    name.trim() === "" && "name: must not be empty",
    by === "role" &&
      !roleArnForm().test(roleArn) &&
      'roleArn: must be the ARN of a role, such as "arn:aws:iam::123456789012:role/captures"',
    by === "key" && accessKeyId === "" && "accessKeyId: must not be empty",
    by === "key" && secretAccessKey === "" && "secretAccessKey: must not be empty",
  ].filter((problem) => problem !== false);
  if (problems.length > 0) throw refused(...problems);
}

/**
 * Looks whether an instance is chosen.
 * @throws CapturesError as the service's refusals are
 */
export function requireInstance({ region, instance }: EnvironmentDraft): void {
  const problems = [
    region === "" && "region: choose one, or type it",
    instance === "" && "instance: choose one, or type its identifier",
  ].filter((problem) => problem !== false);
  if (problems.length > 0) throw refused(...problems);
}

/**
 * The fields of a draft that differ from the environment.
 * @throws CapturesError when the region or the instance is to change and a stored key would go along: it has to be given again
 */
export function changesIn(environment: FullEnvironment, draft: EnvironmentDraft) {
  const { name, region, instance } = draft;
  const credentials = credentialsOf(draft);
  const isGiven = Object.values(credentials).some((value) => value !== "");
  const isMoved = region !== environment.region || instance !== environment.instance;
  if (isMoved && draft.by === "key" && !isGiven) {
    throw refused("accessKeyId: give the key again: one that is stored is used for its own instance only");
  }
  return {
    ...(name !== environment.name && { name }),
    ...(region !== environment.region && { region }),
    ...(instance !== environment.instance && { instance }),
    ...(isGiven && { credentials }),
  };
}
