import { type Account, type Accounts, addParameterGroup, nowOf } from "./accounts.ts";
import { type Cluster, makeCluster } from "./clusters.ts";
import { accountOf, ControlError, type Input, type Route, withoutUndefined } from "./control-route.ts";
import { bodies, onlyKey } from "./control-schema.ts";
import { FILE_DETAILS, LAST_TOKENS, MISSING, PLAIN, PORTION_MARKERS } from "./dress.ts";
import { FAULT_KINDS } from "./faults.ts";
import { JSON_STYLES } from "./json.ts";
import { followGroup, logsOf, settleParameters } from "./logging.ts";
import { REFUSAL_CODES } from "./refusals.ts";
import { XML_STYLES } from "./xml-style.ts";

/** What the control API can do to an account, its calls and its instances. */
export const ACCOUNT_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "accounts",
    about:
      "make an account of one's own: {region?, instances?: [{identifier, engine?, …}], clusters?: [{identifier, engine?: " +
      "aurora-mysql|mysql, engineVersion?, status?, parameterGroup?, members?: [{identifier, …}]}]}; the first member is the " +
      "writer",
    run: createAccount,
  },
  {
    method: "PATCH",
    path: "instances/{identifier}",
    about:
      "change an instance: {accessKeyId, engine?, engineVersion?, status?, instanceClass?, allocatedStorage?, localStorage?, " +
      "storageType?, pendingModifiedValues?, parameterGroup?, parameterApplyStatus?}",
    run: patchInstance,
  },
  {
    method: "PATCH",
    path: "clusters/{identifier}",
    about: "change a cluster: {accessKeyId, engineVersion?, status?, parameterGroup?, parameterGroupStatus?}",
    run: patchCluster,
  },
  {
    method: "POST",
    path: "failovers",
    about:
      "make a reader of a cluster its writer, and restart the server that was: {accessKeyId, cluster, to?}; the first reader, " +
      "unless `to` names another",
    run: failOver,
  },
  {
    method: "POST",
    path: "faults",
    about:
      `let calls fail: {accessKeyId, kind: ${FAULT_KINDS.join("|")}, action?, times?, chance?, delayMs?, ` +
      `retryAfterSeconds?, afterBytes?, code?: ${REFUSAL_CODES.join("|")}, denial?: {policy?, isExplicit?, policyArn?}}`,
    run: (accounts, { values }) => {
      const { accessKeyId, ...fault } = bodies.fault.parse(values);
      accountOf(accounts, { accessKeyId }).faults.push(fault);
    },
  },
  {
    method: "DELETE",
    path: "faults",
    about: "let calls succeed again: ?accessKeyId=",
    run: (accounts, { values }) => {
      accountOf(accounts, onlyKey.parse(values)).faults = [];
    },
  },
  {
    method: "PUT",
    path: "clock",
    about: "shift an account's idea of now: {accessKeyId, offsetMs}",
    run: (accounts, { values }) => {
      const body = bodies.clock.parse(values);
      accountOf(accounts, body).clockOffsetMs = body.offsetMs;
    },
  },
  {
    method: "PUT",
    path: "page-size",
    about: "let GetMetricData page early: {accessKeyId, datapoints}, null for CloudWatch's own limit",
    run: (accounts, { values }) => {
      const body = bodies.pageSize.parse(values);
      accountOf(accounts, body).pageSize = body.datapoints ?? undefined;
    },
  },
  {
    method: "PUT",
    path: "dress",
    about:
      "how replies look where AWS's references leave it open; as usual where it does not say: {accessKeyId, portionMarker?: " +
      `${PORTION_MARKERS.join("|")}, withoutFileDetails?: [${FILE_DETAILS.join(", ")}], isListEmpty?, groupsBefore?: [{name, ` +
      `status}], groupsAfter?, noValue?: ${MISSING.join("|")}, lastMarker?: ${MISSING.join("|")}, lastToken?: ` +
      `${LAST_TOKENS.join("|")}, xml?: [${XML_STYLES.join(", ")}], json?: [${JSON_STYLES.join(", ")}]}`,
    run: (accounts, { values }) => {
      const { accessKeyId, ...dress } = bodies.dress.parse(values);
      accountOf(accounts, { accessKeyId }).dress = { ...PLAIN, ...withoutUndefined(dress) };
    },
  },
  {
    method: "GET",
    path: "requests",
    about: "the calls that an account received, oldest first: ?accessKeyId=",
    run: (accounts, { values }) => ({ requests: accountOf(accounts, onlyKey.parse(values)).requests }),
  },
  {
    method: "DELETE",
    path: "requests",
    about: "forget them: ?accessKeyId=",
    run: (accounts, { values }) => {
      accountOf(accounts, onlyKey.parse(values)).requests = [];
    },
  },
];

function createAccount(accounts: Accounts, { values }: Input): unknown {
  const { region, instances, clusters } = bodies.account.parse(values);
  refuseTwins("clusters", clusters ?? []);
  const made = (clusters ?? []).map(({ members, ...cluster }) => ({
    ...withoutUndefined(cluster),
    ...(members === undefined ? {} : { members: members.map(withoutUndefined) }),
  }));
  refuseTwins("instances", [...(instances ?? []), ...made.flatMap((one) => makeCluster(one).members)]);
  const user = accounts.create(
    withoutUndefined({ region, instances: instances?.map(withoutUndefined), clusters: made }),
  );
  const { account } = user;
  return {
    accountId: account.id,
    accessKeyId: user.accessKeyId,
    secretAccessKey: user.secretAccessKey,
    region: account.region,
    instance: account.instances.keys().next().value ?? null,
  };
}

function refuseTwins(what: string, named: readonly { identifier: string }[]): void {
  if (new Set(named.map(({ identifier }) => identifier)).size < named.length) {
    throw new ControlError(400, `${what}: two have the same identifier`);
  }
}

function patchInstance(accounts: Accounts, { values, segment }: Input): unknown {
  const { accessKeyId, ...properties } = bodies.instance.parse(values);
  const account = accountOf(accounts, { accessKeyId });
  const instance = account.instances.get(segment);
  if (instance === undefined) throw new ControlError(404, `The account has no instance ${segment}`);
  const now = nowOf(account);
  settleParameters(account, now);
  Object.assign(instance, withoutUndefined(properties));
  addParameterGroup(account, instance);
  followGroup(account, instance, now);
  return instance;
}

function patchCluster(accounts: Accounts, { values, segment }: Input): unknown {
  const { accessKeyId, ...properties } = bodies.cluster.parse(values);
  const cluster = clusterOf(accountOf(accounts, { accessKeyId }), segment);
  return Object.assign(cluster, withoutUndefined(properties));
}

/** A failover takes no time here: on AWS, some tens of seconds. The server that was the writer is restarted, to be a reader. */
function failOver(accounts: Accounts, { values }: Input): unknown {
  const { cluster: identifier, to, ...key } = bodies.failover.parse(values);
  const account = accountOf(accounts, key);
  const cluster = clusterOf(account, identifier);
  const readers = [...account.instances.values()].filter(
    (instance) => instance.cluster === identifier && instance.identifier !== cluster.writer,
  );
  const next = readers.find((reader) => to === undefined || reader.identifier === to);
  if (next === undefined) throw new ControlError(409, `The cluster has no reader ${to ?? "at all"}`);
  const former = account.instances.get(cluster.writer);
  const now = nowOf(account);
  if (former !== undefined) {
    for (const log of Object.values(logsOf(account, former, now) ?? {})) log.restart(now);
  }
  cluster.writer = next.identifier;
  return { writer: cluster.writer };
}

function clusterOf(account: Account, identifier: string): Cluster {
  const cluster = account.clusters.get(identifier);
  if (cluster === undefined) throw new ControlError(404, `The account has no cluster ${identifier}`);
  return cluster;
}
