import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, type Accounts, nowOf, type Principal } from "./accounts.ts";
import { cloudwatch } from "./cloudwatch.ts";
import { dressElements, dressMetricData } from "./dress.ts";
import { AwsError, commonErrors } from "./errors.ts";
import { type Fault, type FaultKind, takeFault } from "./faults.ts";
import { iam } from "./iam.ts";
import { decodeJson, encodeJson, encodeJsonError, queryErrorHeader } from "./json.ts";
import { type Denial, denialMessage, denialOf } from "./policy.ts";
import { decodeQuery, encodeQueryError, encodeQueryReply } from "./query.ts";
import { rds } from "./rds.ts";
import { fileNotFound } from "./rds-logs.ts";
import { refusal } from "./refusals.ts";
import { garbage, jsonReply, type Outcome, proxyError, type Reply, streamReply, xmlReply } from "./reply.ts";
import { recordRequest } from "./request-log.ts";
import type { Action, Call, Download, Service } from "./service.ts";
import { claimedAccessKeyId, claimedService, type RawRequest, verifySignature } from "./signature.ts";
import { sts } from "./sts.ts";
import type { XmlStyle } from "./xml-style.ts";

const SERVICES: readonly Service[] = [cloudwatch, iam, rds, sts];

/** The name of every action that the local AWS has, such as `GetMetricData`. */
export const ACTIONS: readonly string[] = SERVICES.flatMap(actionsOf);

/** The IAM name of every action, such as `cloudwatch:GetMetricData`, and of all of a service's at once. */
export const IAM_ACTIONS: readonly string[] = SERVICES.flatMap((service) =>
  [...actionsOf(service), "*"].map((action) => `${service.iamPrefix}:${action}`),
);

/** The IAM names of the actions that an account's policies allow only if someone said so. */
export const RESTRICTED_ACTIONS: readonly string[] = SERVICES.flatMap(({ actions, iamPrefix }) =>
  Object.entries<{ deniedUnlessAllowed?: true }>(actions).flatMap(([name, { deniedUnlessAllowed }]) =>
    deniedUnlessAllowed === true ? [`${iamPrefix}:${name}`] : [],
  ),
);

/** A call as it becomes known, step by step; whatever is known by its end goes into the request lists. */
interface Progress {
  requestId: string;
  service: Service | undefined;
  action: string;
  parameters: Record<string, unknown>;
  accounts: Set<Account>;
  /** Who signed, once the signature is known to be right. */
  signer: Principal | undefined;
  fault: FaultKind | null;
}

/** A decoded request: the action's code with its parameters already applied, whatever the protocol. */
interface BoundAction {
  needsPermission: boolean;
  isDeniedUnlessAllowed: boolean;
  resource(call: Call): string | undefined;
  concerns(call: Call): Account | undefined;
  run(call: Call): Reply;
}

/** Answers a request to one of AWS's services. Never throws: what goes wrong becomes the protocol's own error. */
export async function answerAws(request: RawRequest, accounts: Accounts): Promise<Outcome> {
  const progress: Progress = {
    requestId: randomUUID(),
    service: serviceOf(request),
    action: "unknown",
    parameters: {},
    accounts: new Set(),
    signer: undefined,
    fault: null,
  };
  const claimant = accounts.principal(claimedAccessKeyId(request.headers) ?? "");
  if (claimant !== undefined) progress.accounts.add(claimant.account);
  try {
    const outcome = await perform(request, accounts, progress);
    record(progress, request, typeof outcome === "string" ? null : outcome.status, null);
    return typeof outcome === "string" ? outcome : dated(outcome, claimant);
  } catch (error) {
    const awsError = toAwsError(error);
    const reply = errorReply(request, awsError, progress.requestId, claimant?.account.dress.xml);
    record(progress, request, reply.status, awsError.code);
    return dated(reply, claimant);
  }
}

/** An error in the protocol of the request that it answers. */
export function errorReply(
  request: Pick<RawRequest, "headers">,
  error: AwsError,
  requestId: string = randomUUID(),
  styles: readonly XmlStyle[] = [],
): Reply {
  const retryAfter =
    error.retryAfterSeconds === undefined ? {} : { "retry-after": String(error.retryAfterSeconds) };
  if (isJson(request)) {
    const headers = { "x-amzn-query-error": queryErrorHeader(error), ...retryAfter };
    return jsonReply(error.jsonStatus, encodeJsonError(error), requestId, headers);
  }
  const service = SERVICES.find(({ signingName }) => signingName === claimedService(request.headers));
  const namespace = service?.protocol === "query" ? service.namespace : rds.namespace;
  return xmlReply(error.status, encodeQueryError(error, namespace, requestId, styles), requestId, retryAfter);
}

async function perform(request: RawRequest, accounts: Accounts, progress: Progress): Promise<Outcome> {
  const { service } = progress;
  if (service === undefined) {
    throw request.headers.authorization === undefined
      ? commonErrors.missingAuthentication()
      : unknownOperation(request);
  }
  const principal = await verifySignature(request, accounts, service);
  const { account } = principal;
  progress.signer = principal;
  const call: Call = { accounts, principal, account, now: nowOf(account) };
  const bound = bind(request, service, progress);

  const concerned = bound.concerns(call);
  if (concerned !== undefined) progress.accounts.add(concerned);
  const fault = takeFault(account, progress.action) ?? (concerned && takeFault(concerned, progress.action));
  progress.fault = fault?.kind ?? null;
  const iamAction = `${service.iamPrefix}:${progress.action}`;
  switch (fault?.kind) {
    case "throttle":
      throw commonErrors.throttling(fault.retryAfterSeconds);
    case "server-error":
      throw commonErrors.internalFailure(fault.retryAfterSeconds);
    case "unavailable":
      throw commonErrors.serviceUnavailable(fault.retryAfterSeconds);
    case "deny":
      throw denied(principal, iamAction, bound.resource(call), fault.denial);
    case "refuse":
      throw refusal(fault.code ?? "OptInRequired", account);
    case "proxy":
      return proxyError();
    case "no-file":
      throw fileNotFound(String(progress.parameters.LogFileName));
    case "garbage":
      return garbage();
    case "hang":
    case "reset":
      if (fault.afterBytes === undefined) return fault.kind;
      break;
    case "delay":
      await sleep(fault.delayMs, undefined, { ref: false });
  }

  if (bound.needsPermission) refuseDenied(call, iamAction, bound);

  const reply = bound.run(call);
  return fault?.afterBytes === undefined ? reply : brokenOff(reply, fault);
}

/** Refuses what the policies of the caller's account don't allow. @throws AwsError AccessDenied */
function refuseDenied(call: Call, iamAction: string, bound: BoundAction): void {
  const { account, principal } = call;
  const resource = bound.resource(call);
  const denial = denialOf(account, principal, iamAction, resource);
  const isMissing = bound.isDeniedUnlessAllowed && !account.allowed.includes(iamAction);
  if (denial !== undefined || isMissing) throw denied(principal, iamAction, resource, denial);
}

/** Decodes the body, finds the action that it asks for, and notes both in `progress`. */
function bind(request: RawRequest, service: Service, progress: Progress): BoundAction {
  if (request.method === "GET") return bindDownload(request, service, progress);
  if (request.method !== "POST" || request.url !== "/") throw unknownOperation(request);
  if (service.protocol === "json") {
    progress.action = targetOf(request).action;
    const action = ownValue(service.actions, progress.action);
    if (action === undefined) throw unknownOperation(request);
    const parameters = decodeJson(request.body);
    progress.parameters = parameters;
    return bindParameters(action, parameters, (result, { account: { dress } }) =>
      jsonReply(200, encodeJson(dressMetricData(result, dress), dress.json), progress.requestId),
    );
  }
  const parameters = decodeQuery(request.body);
  const name = parameters.get("Action") ?? "";
  const version = parameters.get("Version") ?? "";
  const action = version === service.version ? ownValue(service.actions, name) : undefined;
  if (action === undefined) {
    throw commonErrors.unknownAction(`Could not find operation ${name} for version ${version}`);
  }
  progress.action = name;
  progress.parameters = Object.fromEntries(
    [...parameters].filter(([key]) => key !== "Action" && key !== "Version"),
  );
  const { requestId } = progress;
  return bindParameters(action, parameters, (result, { account: { dress } }) => {
    const dressed = dressElements(name, result, dress);
    return xmlReply(200, encodeQueryReply(name, service.namespace, dressed, requestId, dress.xml), requestId);
  });
}

function bindDownload(request: RawRequest, service: Service, progress: Progress): BoundAction {
  const found = downloadOf(request, service);
  if (found === undefined) throw unknownOperation(request);
  progress.action = found.name;
  progress.parameters = found.parameters;
  return bindParameters(found.download, new Map(Object.entries(found.parameters)), (body) =>
    streamReply(body, progress.requestId),
  );
}

/** The download whose path it is: the path is all that such a request says, and it is taken as it was sent. */
function downloadOf(
  { method, url }: RawRequest,
  service: Service,
): { name: string; download: Download; parameters: Record<string, string> } | undefined {
  if (method !== "GET" || service.protocol !== "query") return undefined;
  for (const [name, download] of Object.entries(service.downloads ?? {})) {
    const parameters = download.path.exec(url)?.groups;
    if (parameters !== undefined) return { name, download, parameters: { ...parameters } };
  }
  return undefined;
}

function bindParameters<Parameters, Result>(
  action: Action<Parameters, Result>,
  parameters: Parameters,
  encode: (result: Result, call: Call) => Reply,
): BoundAction {
  return {
    needsPermission: action.alwaysAllowed !== true,
    isDeniedUnlessAllowed: action.deniedUnlessAllowed === true,
    resource: (call) => action.resource?.(call, parameters),
    concerns: (call) => action.concerns?.(call, parameters),
    run: (call) => encode(action.run(call, parameters), call),
  };
}

/**
 * Which service a request is meant for, by its target, API version or path; a request that has none of them is taken
 * for the service it is signed for.
 */
function serviceOf(request: RawRequest): Service | undefined {
  const downloading = SERVICES.find((service) => downloadOf(request, service) !== undefined);
  if (downloading !== undefined) return downloading;
  const version = isJson(request)
    ? null
    : new URLSearchParams(Buffer.from(request.body).toString()).get("Version");
  const { target } = targetOf(request);
  return (
    SERVICES.find((service) =>
      service.protocol === "json" ? service.target === target : service.version === version,
    ) ?? SERVICES.find(({ signingName }) => signingName === claimedService(request.headers))
  );
}

function targetOf({ headers }: RawRequest): { target: string; action: string } {
  const [target = "", action = ""] = String(headers["x-amz-target"] ?? "").split(".");
  return { target, action };
}

function isJson({ headers }: Pick<RawRequest, "headers">): boolean {
  return (headers["content-type"] ?? "").startsWith("application/x-amz-json-") || "x-amz-target" in headers;
}

function actionsOf(service: Service): string[] {
  const downloads = service.protocol === "query" ? service.downloads : undefined;
  return [...Object.keys(service.actions), ...Object.keys(downloads ?? {})];
}

/** The right reply, but for its end. */
function brokenOff(reply: Reply, { kind, afterBytes = 0 }: Fault): Reply {
  return { ...reply, breakOff: { afterBytes, how: kind === "hang" ? "hang" : "reset" } };
}

function ownValue<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function unknownOperation(request: RawRequest): AwsError {
  return commonErrors.unknownAction(
    `The local AWS has no operation for ${request.method} ${request.url} with this content-type, target and version`,
  );
}

function denied(
  { arn }: Principal,
  iamAction: string,
  resource: string | undefined,
  denial?: Omit<Denial, "action">,
): AwsError {
  return commonErrors.accessDenied(denialMessage(arn, iamAction, resource, denial));
}

/** AWS's clients set their own clock by this header, so it has to be the account's. */
function dated(reply: Reply, principal: Principal | undefined): Reply {
  const now = principal === undefined ? Date.now() : nowOf(principal.account);
  return { ...reply, headers: { ...reply.headers, date: new Date(now).toUTCString() } };
}

/** A mistake in the local AWS itself is answered as AWS answers its own: the cause is for the server's log only. */
function toAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  console.error("The local AWS failed:", error);
  return commonErrors.internalFailure();
}

function record(
  progress: Progress,
  request: RawRequest,
  status: number | null,
  errorCode: string | null,
): void {
  for (const account of progress.accounts) {
    recordRequest(account, {
      time: new Date(nowOf(account)).toISOString(),
      service: progress.service?.signingName ?? "unknown",
      action: progress.action,
      accessKeyId: claimedAccessKeyId(request.headers) ?? "",
      signedBy: progress.signer?.roleArn ?? progress.signer?.arn ?? null,
      status,
      errorCode,
      fault: progress.fault,
      parameters: progress.parameters,
    });
  }
}
