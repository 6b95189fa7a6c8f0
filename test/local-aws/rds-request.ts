import type { Account } from "./accounts.ts";
import { type AwsError, queryError } from "./errors.ts";
import type { Instance } from "./instances.ts";
import { makeToken, readToken } from "./paging.ts";
import { partitionOf } from "./partition.ts";
import type { QueryParameters } from "./query.ts";

/** How many records a page of an action may have. */
export interface PageLimits {
  least: number;
  most: number;
}

/** Those of RDS's lists of resources, 100 unless fewer are asked for (API reference, MaxRecords). */
export const LIST_LIMITS: PageLimits = { least: 20, most: 100 };

/** The page that MaxRecords and Marker ask for, and the marker of the next one if there is more. */
export function pageOf<Item>(
  account: Account,
  parameters: QueryParameters,
  items: readonly Item[],
  { least, most }: PageLimits,
): { records: Item[]; marker: string | undefined } {
  const maxRecords = parameters.get("MaxRecords") ?? String(most);
  const size = Number(maxRecords);
  if (!/^\d{1,9}$/.test(maxRecords) || size < least || size > most) {
    throw invalidParameterValue(
      `Invalid value ${maxRecords} for MaxRecords. Must be between ${least} and ${most}`,
    );
  }
  const request = [
    account.id,
    ...[...parameters].filter(([name]) => name !== "Marker" && name !== "MaxRecords"),
  ];
  const marker = parameters.get("Marker");
  const start = marker === undefined || marker === "" ? 0 : readToken(request, marker);
  if (typeof start !== "number") throw invalidMarker();
  const end = start + size;
  return {
    records: items.slice(start, end),
    marker: end < items.length ? makeToken(request, end) : undefined,
  };
}

/** The instance that DBInstanceIdentifier names. @throws AwsError DBInstanceNotFound */
export function requiredInstance(account: Account, parameters: QueryParameters): Instance {
  const identifier = required(parameters, "DBInstanceIdentifier").toLowerCase();
  const instance = account.instances.get(identifier);
  if (instance === undefined) throw instanceNotFound(identifier);
  return instance;
}

/** A parameter that must be there. @throws AwsError InvalidParameterValue */
export function required(parameters: QueryParameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === "") throw mustBeProvided(name);
  return value;
}

/** Filters are not implemented: to ignore one would answer with what nobody asked for. */
export function refuseFilters(parameters: QueryParameters): void {
  if ([...parameters.keys()].some((name) => name.startsWith("Filters."))) {
    throw invalidParameterValue("The local AWS does not support Filters.");
  }
}

/** The ARN of a DB instance (`db`), a DB cluster or a parameter group (`pg`). */
export function arn(account: Account, kind: "db" | "cluster" | "pg", name: string): string {
  return `arn:${partitionOf(account.region).name}:rds:${account.region}:${account.id}:${kind}:${name}`;
}

export function instanceNotFound(identifier: string): AwsError {
  return queryError("DBInstanceNotFound", 404, `DBInstance ${identifier} not found.`);
}

export function clusterNotFound(identifier: string): AwsError {
  return queryError("DBClusterNotFoundFault", 404, `DBCluster ${identifier} not found.`);
}

export function mustBeProvided(name: string): AwsError {
  return invalidParameterValue(`The parameter ${name} must be provided and must not be blank.`);
}

export function invalidMarker(): AwsError {
  return invalidParameterValue("The marker is not valid for this request.");
}

export function invalidParameterValue(message: string): AwsError {
  return queryError("InvalidParameterValue", 400, message);
}
