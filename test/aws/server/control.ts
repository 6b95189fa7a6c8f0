import * as z from "zod";
import { type Account, type Accounts, addParameterGroup } from "./accounts.ts";
import { IAM_ACTIONS, type Reply } from "./aws.ts";
import { bodies, onlyKey } from "./control-schema.ts";
import { FAULT_KINDS } from "./faults.ts";

/** The path below which the control API lives; AWS has nothing there. */
export const CONTROL_PREFIX = "/_local/";

/** A request to the control API. */
export interface ControlRequest {
  method: string;
  /** The path and the query as sent. */
  url: string;
  body: Uint8Array;
}

/** One operation of the control API. */
interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the prefix; a segment in braces stands for any one segment. */
  path: string;
  about: string;
  /** @returns what the reply holds, or undefined for a reply without a body */
  run(accounts: Accounts, input: Input): unknown;
}

interface Input {
  /** The decoded body, or the query's parameters for GET and DELETE. */
  values: unknown;
  /** The segment that the braces in the path stand for. */
  segment: string;
}

/** A request that makes no sense: answered with its status and its message. */
class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "",
    about: "this list",
    run: () => ({
      routes: ROUTES.map(({ method, path, about }) => ({ method, path: CONTROL_PREFIX + path, about })),
    }),
  },
  {
    method: "POST",
    path: "accounts",
    about: "make an account of one's own: {region?, instances?: [{identifier, engine?, …}]}",
    run: createAccount,
  },
  {
    method: "PATCH",
    path: "instances/{identifier}",
    about:
      "change an instance: {accessKeyId, engine?, engineVersion?, status?, instanceClass?, allocatedStorage?, " +
      "parameterGroup?, parameterApplyStatus?}",
    run: patchInstance,
  },
  {
    method: "POST",
    path: "roles",
    about: "make a role: {accessKeyId, externalId, roleArn?, durationSeconds?, trustedAccountId?}",
    run: createRole,
  },
  {
    method: "DELETE",
    path: "sessions",
    about: "let all temporary credentials of an account expire: ?accessKeyId=",
    run: (accounts, { values }) => accounts.expireSessions(accountOf(accounts, onlyKey.parse(values))),
  },
  {
    method: "PUT",
    path: "policy",
    about: `refuse actions to an account: {accessKeyId, deny: [${IAM_ACTIONS.join(", ")}]}`,
    run: (accounts, { values }) => {
      const body = bodies.policy.parse(values);
      accountOf(accounts, body).denied = body.deny;
    },
  },
  {
    method: "POST",
    path: "faults",
    about:
      `let calls fail: {accessKeyId, kind: ${FAULT_KINDS.join("|")}, action?, times?, delayMs?, ` +
      "retryAfterSeconds?}",
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

/** Answers a request to the control API: JSON, and a 4xx with `{error}` for what makes no sense. */
export function answerControl(request: ControlRequest, accounts: Accounts): Reply {
  try {
    const url = new URL(request.url, "http://local");
    const { route, segment } = findRoute(request.method, url.pathname.slice(CONTROL_PREFIX.length));
    const hasBody = route.method !== "GET" && route.method !== "DELETE";
    const values = hasBody ? decodeBody(request.body) : Object.fromEntries(url.searchParams);
    const result = route.run(accounts, { values, segment });
    return result === undefined ? { status: 204, headers: {}, body: "" } : jsonReply(200, result);
  } catch (error) {
    if (error instanceof ControlError) return jsonReply(error.status, { error: error.message });
    if (error instanceof z.ZodError) return jsonReply(400, { error: describeIssues(error) });
    throw error;
  }
}

function createAccount(accounts: Accounts, { values }: Input): unknown {
  const { region, instances } = bodies.account.parse(values);
  const identifiers = (instances ?? []).map((instance) => instance.identifier);
  if (new Set(identifiers).size < identifiers.length) {
    throw new ControlError(400, "instances: two have the same identifier");
  }
  const user = accounts.create(withoutUndefined({ region, instances: instances?.map(withoutUndefined) }));
  const { account } = user;
  return {
    accountId: account.id,
    accessKeyId: user.accessKeyId,
    secretAccessKey: user.secretAccessKey,
    region: account.region,
    instance: account.instances.keys().next().value ?? null,
  };
}

function patchInstance(accounts: Accounts, { values, segment }: Input): unknown {
  const { accessKeyId, ...properties } = bodies.instance.parse(values);
  const account = accountOf(accounts, { accessKeyId });
  const instance = account.instances.get(segment);
  if (instance === undefined) throw new ControlError(404, `The account has no instance ${segment}`);
  Object.assign(instance, withoutUndefined(properties));
  addParameterGroup(account, instance);
  return instance;
}

function createRole(accounts: Accounts, { values }: Input): unknown {
  const { accessKeyId, roleArn, ...options } = bodies.role.parse(values);
  const account = accountOf(accounts, { accessKeyId });
  const prefix = `arn:aws:iam::${account.id}:role/`;
  if (
    roleArn !== undefined &&
    !/^[\w+=,.@/-]+$/.test(roleArn.startsWith(prefix) ? roleArn.slice(prefix.length) : "")
  ) {
    throw new ControlError(400, `roleArn: must be ${prefix} and the role's name`);
  }
  const role = accounts.createRole(account, withoutUndefined({ ...options, arn: roleArn }));
  return { roleArn: role.arn, externalId: role.externalId };
}

function accountOf(accounts: Accounts, { accessKeyId }: z.infer<typeof onlyKey>): Account {
  const principal = accounts.principal(accessKeyId);
  if (principal === undefined)
    throw new ControlError(404, `accessKeyId: no account has the key ${accessKeyId}`);
  return principal.account;
}

function findRoute(method: string, path: string): { route: Route; segment: string } {
  const matches = ROUTES.flatMap((route) => {
    const segment = matchPath(route.path, path);
    return segment === undefined ? [] : [{ route, segment }];
  });
  const match = matches.find(({ route }) => route.method === method);
  if (match !== undefined) return match;
  if (matches.length === 0)
    throw new ControlError(
      404,
      `There is no ${CONTROL_PREFIX}${path}; GET ${CONTROL_PREFIX} lists what there is`,
    );
  throw new ControlError(
    405,
    `Use ${matches.map(({ route }) => route.method).join(" or ")} here, not ${method}`,
  );
}

/** The segment that a path's braces stand for, an empty text if it has none, or undefined if it doesn't match. */
function matchPath(pattern: string, path: string): string | undefined {
  const [fixed = "", parameter] = pattern.split("{", 2);
  if (parameter === undefined) return pattern === path ? "" : undefined;
  const segment = path.slice(fixed.length);
  return path.startsWith(fixed) && segment !== "" && !segment.includes("/") ? segment : undefined;
}

function decodeBody(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    throw new ControlError(400, "The body is not valid JSON");
  }
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
}

/** Optional members of zod may be present and undefined; the types of the accounts mean absent. */
function withoutUndefined<Properties extends object>(properties: Properties): Defined<Properties> {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined),
  ) as Defined<Properties>;
}
type Defined<Properties> = { [Name in keyof Properties]: Exclude<Properties[Name], undefined> };

function jsonReply(status: number, body: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: `${JSON.stringify(body)}\n` };
}
