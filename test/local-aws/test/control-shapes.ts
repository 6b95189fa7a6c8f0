/* What the local AWS is told by its control API, and what that answers. */

/** A pair of AWS keys, and the session token if they are temporary. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** What can be changed about a DB instance. */
export interface InstanceProperties {
  /** `mysql`, `mariadb`, `postgres` or any other of RDS's names. */
  engine?: string;
  engineVersion?: string;
  /** DBInstanceStatus, such as `available` or `stopped`. */
  status?: string;
  instanceClass?: string;
  /** GiB. */
  allocatedStorage?: number;
  /** GiB of an Aurora instance's own: its logs may take 15 % of it. */
  localStorage?: number;
  /** Such as `gp2` or `aurora`. */
  storageType?: string;
  /** What waits for a reboot or the maintenance window, by RDS's names, such as `{ EngineVersion: "8.4.8" }`. */
  pendingModifiedValues?: Record<string, string>;
  /** DBParameterGroupName; one that begins with `default.` can't be modified. */
  parameterGroup?: string;
  parameterApplyStatus?: "applying" | "in-sync" | "pending-reboot" | "failed-to-apply";
}

/** What may be said of a DB cluster when an account is made. */
export interface ClusterDescription {
  identifier: string;
  /** `aurora-mysql` unless told otherwise; `mysql` makes a Multi-AZ DB cluster, whose members have a default parameter group. */
  engine?: string;
  /** `8.0.mysql_aurora.3.10.0` unless told otherwise, or MySQL 8.4. */
  engineVersion?: string;
  /** Such as `available`. */
  status?: string;
  /** DBClusterParameterGroup, which is not that of its instances. */
  parameterGroup?: string;
  /**
   * The writer first. Unless told otherwise Aurora has `{identifier}-1` and `{identifier}-2`, each with a parameter group of its
   * own, and a Multi-AZ cluster has `{identifier}-instance-1` to `-3`.
   */
  members?: (InstanceProperties & { identifier: string })[];
}

/** What can be changed about a DB cluster. */
export interface ClusterProperties {
  engineVersion?: string;
  /** Such as `available` or `failing-over`. */
  status?: string;
  parameterGroup?: string;
  /** What all members say of it. */
  parameterGroupStatus?: "applying" | "in-sync" | "pending-reboot" | "failed-to-apply";
}

/** What may be said of an account when it is made. */
export interface AccountOptions {
  /** `us-east-1` unless told otherwise. */
  region?: string;
  /**
   * The instances it has; a MySQL 8.0 with a parameter group of its own where nothing else is said. By default there are
   * `demo-mysql`, `demo-mariadb`, `demo-default-group` (whose group can't be modified) and `demo-postgres`.
   */
  instances?: (InstanceProperties & { identifier: string })[];
  /** Its clusters, none by default; with clusters and no `instances` it has their members only. */
  clusters?: ClusterDescription[];
}

/** A way for calls to fail; the first fault that was set strikes first. */
export interface Fault {
  /**
   * `throttle`: refused for its rate. `server-error`: 500. `unavailable`: 503. `deny`: AccessDenied, as `denial` words it. `refuse`:
   * refused with `code`. `delay`: answered after `delayMs`. `no-file`: DBLogFileNotFoundFault, as while a file is renamed. `hang`:
   * never answered. `garbage`: 200 with a body that is not what the protocol says. `proxy`: 502 with a page of HTML. `reset`: the
   * connection is cut off.
   */
  kind:
    | "throttle"
    | "server-error"
    | "unavailable"
    | "deny"
    | "no-file"
    | "delay"
    | "hang"
    | "refuse"
    | "garbage"
    | "proxy"
    | "reset";
  /** The action to strike, such as `GetMetricData`; any if absent. For `AssumeRole`, the role's account counts too. */
  action?: string;
  /** How many calls to strike; all until `clearFaults()` if absent. */
  times?: number;
  /** How likely each call is to be struck, from 0 to 1; each is, if absent. */
  chance?: number;
  /** For `delay` only. */
  delayMs?: number;
  /** For `hang` and `reset`: how many bytes of the right reply's body are sent before; no reply at all if absent. */
  afterBytes?: number;
  /** The `retry-after` header of `throttle`, `server-error` and `unavailable`. */
  retryAfterSeconds?: number;
  /** For `refuse`: AWS's code; `SignatureExpired` is SignatureDoesNotMatch of a clock that is slow. */
  code?:
    | "InvalidClientTokenId"
    | "SignatureDoesNotMatch"
    | "SignatureExpired"
    | "ExpiredToken"
    | "OptInRequired"
    | "RegionDisabledException";
  /** For `deny`: which policy is why. */
  denial?: DenialReason;
}

/** How parameter changes take effect. */
export interface ParameterApplication {
  /** From ModifyDBParameterGroup to the moment when the servers have the values; a second if nobody said otherwise. */
  delayMs?: number;
  /** How long DescribeDBInstances goes on to say what it said before the change. */
  staleMs?: number;
  /** Whether changes end as `failed-to-apply`, and the servers never get the values. */
  fails?: boolean;
}

/** What an instance's clients do; `generatedRecords` in logs/workload.ts computes the records of it. */
export interface WorkloadChange {
  /** 1 if nobody said otherwise. */
  seed?: number;
  /** Statements per second, 20 if nobody said otherwise; 0 stops all, Amazon's own sessions too. */
  rate?: number;
  /** Whether sessions that connected before the slow log was switched on write nothing to it, as on real servers. */
  deaf?: boolean;
  /** A statement of so many bytes in each second that `everySeconds` divides; null: no more of them. */
  long?: { bytes: number; everySeconds: number } | null;
}

/** A record that a test writes to a log. */
export interface WrittenRecord {
  /** Microseconds since the epoch; now, by the account's clock, if absent. */
  timeMicros?: number;
  threadId: number;
  /** Such as `Query`. */
  command: string;
  statement: string;
}

/** Which log of an instance: the general one if nobody says. */
export interface OfLog {
  log?: "general" | "slow";
}

/** How the live file is renamed, this time and later. */
export interface RotationOptions extends OfLog {
  /** `….log.2026-10-10.7` (`date`, as at first) or `….log.7` (`hour`). */
  suffix?: "date" | "hour";
  /** How long there is no live file: the server goes on to write to the renamed one. */
  gapMs?: number;
}

/** What people have met of DownloadDBLogFilePortion that its reference does not say; what is absent stays as it is. */
export interface PortionBehaviour {
  /** What AdditionalDataPending says: the truth, as at first, `false` always, or nothing. */
  pending?: "true-or-false" | "false" | "absent";
  /** What becomes of control characters, which XML can't say: U+FFFD, as at first, or references such as `&#x1;`. */
  controls?: "replaced" | "referenced";
  /** Whether a portion with a NUL is refused as binary data. */
  refusesBinary?: boolean;
}

/** A log file, as it is and not as AWS lists it. */
export interface LocalLogFile {
  logFileName: string;
  /** Bytes. */
  size: number;
  /** Epoch milliseconds. */
  lastWritten: number;
}

/** What may be said of a role when it is made. */
export interface RoleOptions<Id extends string | null = string | null> {
  /** What AssumeRole has to send; `*`: any; null: the trust policy has no such condition, and the role can be assumed without. */
  externalId: Id;
  /** Whether it can be assumed without one too. */
  isExternalIdOptional?: boolean;
  /** In the account itself; made up if absent. */
  roleArn?: string;
  /** How long its sessions last, whatever AssumeRole asks. */
  durationSeconds?: number;
  /** The account whose identities may assume it; that of `WORKER_CREDENTIALS` if absent. */
  trustedAccountId?: string;
}

/** An action that the account's policies refuse, and why. */
export interface Denial extends DenialReason {
  /** Such as `rds:DescribeDBInstances` or `rds:*`. */
  action: string;
  /** How the ARN of the resource ends to which alone it applies: `db:shop`, `pg:shop-params`, `db:*` for a list of all. */
  resource?: string;
  /** To whom alone it applies: the id of a key, or a role's ARN. */
  of?: string;
}

/** Which policy refuses, as AWS words it. */
export interface DenialReason {
  /** `identity` unless told otherwise; `unsaid`: AWS does not say which. */
  policy?:
    | "identity"
    | "session"
    | "permissions-boundary"
    | "service-control"
    | "resource-control"
    | "resource-based"
    | "vpc-endpoint"
    | "unsaid";
  /** Whether it denies, and does not only fail to allow. */
  isExplicit?: boolean;
  /** Said at the end of the message, as AWS does since 2026 in the same account or organisation. */
  policyArn?: string;
}

export interface NewKey extends Credentials {
  userArn: string;
}

/** How replies look where AWS's references leave it open; as AWS is known to answer where it does not say. */
export interface Dress {
  /** What DownloadDBLogFilePortion's Marker is; `…-at-end`: only where no more data is pending. */
  portionMarker?: "present" | "absent" | "empty" | "absent-at-end" | "empty-at-end";
  /** What each file of DescribeDBLogFiles lacks. */
  withoutFileDetails?: ("LastWritten" | "Size")[];
  /** Whether DescribeDBInstances and DescribeDBClusters list nothing, whatever is asked for. */
  isListEmpty?: boolean;
  /** Parameter groups that each instance has before its own in DescribeDBInstances. */
  groupsBefore?: { name: string; status: string }[];
  /** The same, after its own. */
  groupsAfter?: { name: string; status: string }[];
  /** What stands for the value of a parameter that has none: nothing, or `<ParameterValue/>`. */
  noValue?: "absent" | "empty";
  /** What the last page of a list has for a Marker: nothing, or `<Marker/>`. */
  lastMarker?: "absent" | "empty";
  /** What the last page of GetMetricData has for a NextToken: nothing, `""` or null. */
  lastToken?: "absent" | "empty" | "null";
  /** Other ways to write XML, all at once: errors too. */
  xml?: ("declaration" | "indent" | "cdata" | "references" | "comments" | "reverse" | "extra")[];
  /** Other ways to write JSON, all at once. */
  json?: ("integers" | "indent" | "escapes" | "reverse" | "extra")[];
}

/** A call that an account received. */
export interface RecordedRequest {
  /** When it was answered, by the account's clock, ISO 8601. */
  time: string;
  /** `monitoring`, `rds` or `sts`. */
  service: string;
  action: string;
  accessKeyId: string;
  /** The ARN of the user, or of the role whose session it was; null if the signature was not right. */
  signedBy: string | null;
  /** The HTTP status; null if there was no answer. */
  status: number | null;
  /** Such as `Throttling`; null if it succeeded. */
  errorCode: string | null;
  /** The kind of fault that struck it, or null. */
  fault: Fault["kind"] | null;
  /** What was asked: the JSON body, or the Query parameters under their flat names; an ExternalId is `(hidden)`. */
  parameters: Record<string, unknown>;
}
