/*
 * The users of a database server by which Amazon manages it. Names of users are exact, also in their letter case (MySQL reference
 * manual, "Account User Names and Passwords"), and both logs write them without quotes.
 */

/** Who keeps every instance running, and writes a heartbeat. */
export const RDSADMIN = "rdsadmin";

/**
 * Every user that AWS reserves and that logs in or applies changes. Not the roles that it reserves, such as `rds_superuser_role`,
 * which run nothing; nor MySQL's own users, such as `event_scheduler`, which runs a customer's events.
 */
export const AMAZON_USERS: ReadonlySet<string> = new Set([
  // RDS User Guide, "Understanding predefined users"; Aurora User Guide, "Master user privileges with Amazon Aurora MySQL".
  RDSADMIN,
  // Replicas and clusters: the same list of the RDS User Guide.
  "rdsrepladmin",
  // Aurora User Guide, "Privilege checks user for binary log replication".
  "rdsrepladmin_priv_checks_user",
  // Group Replication: RDS User Guide, "Limitations for RDS for MySQL active-active clusters".
  "rdsgrprepladmin",
  // RDS Proxy: "Quotas and limitations for RDS Proxy" in both guides.
  "rdsproxyadmin",
  // Multi-AZ DB clusters: the RDS User Guide lists it with the roles of PostgreSQL; it is in slow logs of such MySQL clusters, too.
  "rdstopmgr",
]);

/** Whether a user is Amazon's own. Called for every record. */
export const isAmazonUser = (user: string | null): user is string =>
  user?.startsWith("rds") === true && AMAZON_USERS.has(user);
