/*
 * What an instance's status says of its server. The list is that of "Viewing Amazon RDS DB instance status" in the Amazon RDS User
 * Guide and of "Viewing DB instance status in an Aurora cluster" in the Amazon Aurora User Guide, as both were in 2026. Where they
 * don't say whether the server runs, a status by which AWS charges for the instance, and that names a change and no restart, is up.
 */

/**
 * `up`: the server runs. `coming-up`: it is away, or may go away, and comes back by itself. `down`: it stays away until somebody
 * does something, or for ever.
 */
export type InstanceStatusClass = "up" | "coming-up" | "down";

/** The class of every status that AWS's guides list. */
export const INSTANCE_STATUSES: ReadonlyMap<string, InstanceStatusClass> = new Map([
  ["available", "up"],
  ["backing-up", "up"],
  // Aurora pauses the database meanwhile ("Backtracking an Aurora DB cluster").
  ["backtracking", "coming-up"],
  ["configuring-enhanced-monitoring", "up"],
  ["configuring-iam-database-auth", "up"],
  ["configuring-log-exports", "up"],
  ["converting-to-vpc", "up"],
  ["creating", "coming-up"],
  // It is about to be deleted.
  ["delete-precheck", "down"],
  ["deleting", "down"],
  ["failed", "down"],
  ["inaccessible-encryption-credentials", "down"],
  // Somebody has to restart it.
  ["inaccessible-encryption-credentials-recoverable", "down"],
  ["incompatible-create", "down"],
  ["incompatible-network", "down"],
  ["incompatible-option-group", "up"],
  ["incompatible-parameters", "down"],
  ["incompatible-restore", "down"],
  ["insufficient-capacity", "down"],
  ["maintenance", "coming-up"],
  ["modifying", "up"],
  ["moving-to-vpc", "up"],
  ["rebooting", "coming-up"],
  ["renaming", "coming-up"],
  ["resetting-master-credentials", "up"],
  ["restore-error", "down"],
  ["starting", "coming-up"],
  ["stopped", "down"],
  ["stopping", "down"],
  ["storage-config-upgrade", "up"],
  // It has no room for a log either.
  ["storage-full", "down"],
  ["storage-initialization", "up"],
  ["storage-optimization", "up"],
  ["upgrade_failed", "down"],
  ["upgrading", "coming-up"],
]);

/**
 * The class of a status. One that the guides don't list is `up`: most that were added name a change of a server that goes on, and a
 * server that is not there writes no log, which a capture waits for before it runs.
 */
export const instanceStatusClass = (status: string): InstanceStatusClass =>
  INSTANCE_STATUSES.get(status.toLowerCase()) ?? "up";

/** Whether an instance with this status has a server that runs. */
export const isUp = (status: string): boolean => instanceStatusClass(status) === "up";

/** Whether an instance with this status will have a server soon. */
export const isComingUp = (status: string): boolean => instanceStatusClass(status) === "coming-up";
