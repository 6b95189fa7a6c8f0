import * as refuse from "../account/refusals.ts";
import * as replies from "../account/replies.ts";
import { deleteAccountSchema } from "../account/schema.ts";
import { apiKey, session, time, user } from "./examples/identity.ts";
import { EXHAUSTED, WRITE_POLICY } from "./header-fields.ts";
import { SIGNED_IN } from "./identity.ts";
import type { Operation } from "./operation.ts";
import {
  FAULTS,
  invalidFor,
  OF_SESSION_WRITERS,
  OF_SESSIONS,
  refusalOf,
  refusals,
  saysLike,
} from "./refusals.ts";

/* `/api/account`: one's own account, with all that is of it. */

const { message: ONLY_ADMIN } = refuse.onlyAdmin([{ name: "shop", isShared: 1, isLive: 0, isOwing: 0 }]);

/** `/api/account`. */
export const accountOperations: Operation[] = [
  {
    id: "exportAccount",
    method: "get",
    path: "/api/account/export",
    tag: "Accounts",
    summary: "Take your data along",
    description: "All that the service has of you, as one file of JSON. It has no secrets.",
    permission: SIGNED_IN,
    credentials: "session",
    success: {
      status: 200,
      description: "Your data.",
      content: {
        "application/json": {
          schema: replies.accountExportSchema,
          example: {
            version: 1,
            exportedAt: time,
            account: {
              id: user.id,
              name: user.name,
              email: user.email,
              emailVerified: false,
              createdAt: time,
              updatedAt: time,
              signIns: [{ provider: "credential", createdAt: time }],
            },
            environments: [
              {
                id: 1,
                name: "demo",
                region: "us-east-1",
                instance: "demo-db",
                role: "admin",
                joinedAt: time,
              },
            ],
            apiKeys: [
              {
                id: apiKey.id,
                name: apiKey.name,
                start: apiKey.start,
                scope: "write",
                envId: null,
                enabled: true,
                createdAt: time,
                lastUsedAt: null,
                expiresAt: null,
              },
            ],
            sessions: [
              {
                createdAt: time,
                lastSeenAt: time,
                expiresAt: session.expiresAt,
                address: session.ipAddress,
                userAgent: session.userAgent,
                signedInBy: "password",
                isThis: true,
              },
            ],
            captureCount: 1,
            captures: [
              {
                id: 1,
                name: "load test",
                envId: 1,
                status: "DONE",
                labels: { branch: "main" },
                notes: null,
                createdAt: time,
                startedAt: time,
                endedAt: time,
              },
            ],
            scheduleCount: 0,
            schedules: [],
            calendar: { createdAt: time },
            knownNetworks: [{ network: session.ipAddress, seenAt: time }],
            webhooks: [{ id: 1, name: "on call", envId: 1, createdAt: time }],
          },
        },
      },
    },
    refusals: [...OF_SESSIONS, ...FAULTS],
  },
  {
    id: "deleteAccount",
    method: "delete",
    path: "/api/account",
    tag: "Accounts",
    summary: "Delete your account",
    description:
      "Your sessions, keys, codes and memberships are deleted at once, and so are the environments that nobody else belongs to. Your " +
      "captures and schedules in other environments stay there, and show a deleted user as their owner. Your address is free again. " +
      "Asks for the password; of an account without one, for a session of the last ten minutes.",
    permission: SIGNED_IN,
    credentials: "session",
    body: {
      schema: deleteAccountSchema(),
      examples: { example: { summary: "Delete your account", value: { password: "demo-password" } } },
    },
    success: {
      status: 200,
      description: "It is deleted, and you are signed out.",
      headers: {
        ...WRITE_POLICY,
        "Set-Cookie": {
          description: "Takes the session's cookie away.",
          schema: { type: "string", pattern: "^(__Host-|__Secure-)?captures\\." },
          required: true,
          example: "captures.session_token=; Max-Age=0; Path=/",
        },
      },
      content: { "application/json": { schema: replies.accountDeletedSchema, example: { success: true } } },
    },
    refusals: [
      invalidFor(deleteAccountSchema(), { password: "" }),
      ...refusals("wrongPassword"),
      refusalOf("passwordRequired", refuse.passwordRequired()),
      refusalOf("signInAgain", refuse.signInAgain()),
      saysLike("onlyAdmin", 409, ONLY_ADMIN, ONLY_ADMIN.replace(/(?<=of ).*?(?=:)/, ".+")),
      refusalOf("changedMeanwhile", refuse.changedMeanwhile()),
      { ...refusalOf("tooManyTries", refuse.tooManyTries()), headers: EXHAUSTED },
      ...refusals("tooManyHashes"),
      ...OF_SESSION_WRITERS,
    ],
  },
];
