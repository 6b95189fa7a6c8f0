import type { Accounts } from "./accounts.ts";
import { IAM_ACTIONS, RESTRICTED_ACTIONS } from "./aws.ts";
import { accountOf, ControlError, type Input, type Route, withoutUndefined } from "./control-route.ts";
import { bodies, onlyKey } from "./control-schema.ts";
import { partitionOf } from "./partition.ts";
import { POLICIES } from "./policy.ts";

/** What the control API can do to who may do what: roles, keys, sessions and policies. */
export const ACCESS_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "roles",
    about:
      "make a role: {accessKeyId, externalId, isExternalIdOptional?, roleArn?, durationSeconds?, trustedAccountId?}; " +
      "externalId: null for a trust policy that asks for none, * for one that takes any",
    run: createRole,
  },
  {
    method: "DELETE",
    path: "sessions",
    about: "let all temporary credentials of an account expire: ?accessKeyId=",
    run: (accounts, { values }) => accounts.expireSessions(accountOf(accounts, onlyKey.parse(values))),
  },
  {
    method: "POST",
    path: "keys",
    about: "make another user of an account, with a key: {accessKeyId, user?}",
    run: createKey,
  },
  {
    method: "DELETE",
    path: "keys",
    about: "delete a user's key, by another one of the account: ?accessKeyId=&key=",
    run: deleteKey,
  },
  {
    method: "PUT",
    path: "policy",
    about:
      "what an account's policies refuse, and allow though they seldom do: {accessKeyId, deny?: [action or {action, policy?: " +
      `${POLICIES.join("|")}, isExplicit?, policyArn?, resource?, of?}], allow?: [${RESTRICTED_ACTIONS.join(", ")}]}; ` +
      `action: one of ${IAM_ACTIONS.join(", ")}; resource: how the ARN ends, such as db:shop; of: a key's id or a role's ARN`,
    run: changePolicy,
  },
];

function createRole(accounts: Accounts, { values }: Input): unknown {
  const { accessKeyId, roleArn, ...options } = bodies.role.parse(values);
  const account = accountOf(accounts, { accessKeyId });
  const prefix = `arn:${partitionOf(account.region).name}:iam::${account.id}:role/`;
  if (
    roleArn !== undefined &&
    !/^[\w+=,.@/-]+$/.test(roleArn.startsWith(prefix) ? roleArn.slice(prefix.length) : "")
  ) {
    throw new ControlError(400, `roleArn: must be ${prefix} and the role's name`);
  }
  const role = accounts.createRole(account, withoutUndefined({ ...options, arn: roleArn }));
  return { roleArn: role.arn, externalId: role.externalId };
}

function createKey(accounts: Accounts, { values }: Input): unknown {
  const { user: name, ...key } = bodies.key.parse(values);
  const account = accountOf(accounts, key);
  const user = accounts.createUser(account, name ?? `local-${account.users.length + 1}`);
  return { accessKeyId: user.accessKeyId, secretAccessKey: user.secretAccessKey, userArn: user.arn };
}

function deleteKey(accounts: Accounts, { values }: Input): void {
  const { key, ...by } = bodies.deletedKey.parse(values);
  const user = accountOf(accounts, by).users.find(({ accessKeyId }) => accessKeyId === key);
  if (user === undefined) throw new ControlError(404, `key: the account has no user with the key ${key}`);
  if (key === by.accessKeyId) throw new ControlError(409, "key: a key can't delete itself");
  accounts.deleteKey(user);
}

function changePolicy(accounts: Accounts, { values }: Input): void {
  const { deny, allow, ...key } = bodies.policy.parse(values);
  const account = accountOf(accounts, key);
  if (deny !== undefined) {
    account.denied = deny.map((denial) =>
      typeof denial === "string" ? { action: denial } : withoutUndefined(denial),
    );
  }
  if (allow !== undefined) account.allowed = allow;
}
