/*
 * What an instance's status says of its server. RDS User Guide, "Viewing Amazon RDS DB instance status"; in any other state than
 * these the database is there to be recorded.
 */

const DOWN: ReadonlySet<string> = new Set([
  "deleting",
  "failed",
  "inaccessible-encryption-credentials",
  "incompatible-network",
  "incompatible-parameters",
  "incompatible-restore",
  "insufficient-capacity",
  "restore-error",
  "stopped",
  "stopping",
  "storage-full",
]);

const COMING_UP: ReadonlySet<string> = new Set([
  "creating",
  "maintenance",
  "rebooting",
  "renaming",
  "starting",
  "upgrading",
]);

/** Whether an instance with this status has a server that runs. */
export const isUp = (status: string): boolean => !DOWN.has(status) && !COMING_UP.has(status);

/** Whether an instance with this status will have a server soon. */
export const isComingUp = (status: string): boolean => COMING_UP.has(status);
