import type { Account, Accounts, Principal } from "./accounts.ts";
import type { JsonValue } from "./json.ts";
import type { QueryParameters, XmlElements } from "./query.ts";
import type { SigningScope } from "./signature.ts";

/** One authenticated call of an action. */
export interface Call {
  accounts: Accounts;
  principal: Principal;
  /** The caller's account. */
  account: Account;
  /** The account's idea of now, in epoch milliseconds. */
  now: number;
}

/** What a service does for one action: validates the parameters, acts and replies. */
export interface Action<Parameters, Result> {
  /** @throws AwsError for whatever AWS would refuse */
  run(call: Call, parameters: Parameters): Result;
  /** The ARN that AccessDenied names; actions that know no resources have none. */
  resource?(call: Call, parameters: Parameters): string;
  /** Another account that the call concerns: its faults strike too, and its list of requests has the call. */
  concerns?(call: Call, parameters: Parameters): Account | undefined;
  /** Set for actions that need no permission. */
  alwaysAllowed?: true;
  /** Set for actions that an account's policies allow only if someone said so. */
  deniedUnlessAllowed?: true;
}

/** What a service does for a GET of one of its paths, outside its protocol: it answers with a stream. */
export interface Download extends Action<QueryParameters, Iterable<Uint8Array>> {
  /** Matches the path as it was sent; its named groups are the parameters. */
  path: RegExp;
}

interface ServiceBase extends SigningScope {
  /** The service's name in IAM actions: `cloudwatch` in `cloudwatch:GetMetricData`. */
  iamPrefix: string;
}

/** A service of the JSON 1.0 protocol; actions are chosen by `x-amz-target: {target}.{action}`. */
export interface JsonService extends ServiceBase {
  protocol: "json";
  target: string;
  actions: Readonly<Record<string, Action<Record<string, unknown>, JsonValue>>>;
}

/** A service of the Query protocol; actions are chosen by the parameters `Action` and `Version`. */
export interface QueryService extends ServiceBase {
  protocol: "query";
  version: string;
  /** The XML namespace of its replies. */
  namespace: string;
  actions: Readonly<Record<string, Action<QueryParameters, XmlElements>>>;
  /** By IAM action; each is as good as an action for permissions, faults and the list of requests. */
  downloads?: Readonly<Record<string, Download>>;
}

export type Service = JsonService | QueryService;
