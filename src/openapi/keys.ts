import {
  createKeySchema,
  deleteKeySchema,
  getKeySchema,
  listKeysSchema,
  updateKeySchema,
} from "../identity/keys/schema.ts";
import { tooManyKeys } from "../identity/refusals.ts";
import * as replies from "../identity/replies.ts";
import { apiKey, secretKey } from "./examples/identity.ts";
import { WRITE_POLICY } from "./header-fields.ts";
import { SIGNED_IN } from "./identity.ts";
import type { Operation } from "./operation.ts";
import { queryParameters } from "./parameters.ts";
import {
  ANY_NUMBER,
  FAULTS,
  invalidFor,
  OF_SESSION_WRITERS,
  OF_SESSIONS,
  refusals,
  varies,
} from "./refusals.ts";

/** More API keys of one user than there may be. */
export const TOO_MANY_KEYS = varies("tooManyKeys", tooManyKeys(100), tooManyKeys(ANY_NUMBER));

/* `/api/auth/api-key`: the keys that programs sign in with. */

const OWNER = "Its owner, signed in with a session.";

const shown = (description: string): Operation["success"] => ({
  status: 200,
  description,
  content: { "application/json": { schema: replies.apiKeySchema, example: apiKey } },
});

/** `/api/auth/api-key`. */
export const keyOperations: Operation[] = [
  {
    id: "createApiKey",
    method: "post",
    path: "/api/auth/api-key/create",
    tag: "API keys",
    summary: "Make an API key",
    description:
      "It may do what you may, or less: only read, or only see one environment. It is valid for 90 days unless you say otherwise. " +
      "It begins with `captures_`, and its last six characters are a checksum (CRC-32 in base62, as GitHub's tokens have it).",
    permission: SIGNED_IN,
    credentials: "session",
    body: {
      schema: createKeySchema(),
      examples: {
        example: { summary: "Make an API key", value: { name: "nightly job", scope: "read", envId: 1 } },
      },
    },
    success: {
      status: 200,
      description: "The key. It is shown once.",
      headers: WRITE_POLICY,
      content: {
        "application/json": {
          schema: replies.newApiKeySchema,
          example: { ...apiKey, key: secretKey },
        },
      },
    },
    refusals: [
      invalidFor(createKeySchema(), { name: "x".repeat(101) }),
      ...refusals("environmentNotFound"),
      TOO_MANY_KEYS,
      ...OF_SESSION_WRITERS,
    ],
  },
  {
    id: "listApiKeys",
    method: "get",
    path: "/api/auth/api-key/list",
    tag: "API keys",
    summary: "List your API keys",
    permission: SIGNED_IN,
    credentials: "session",
    parameters: queryParameters(listKeysSchema(), {
      limit: { description: "The most keys to list." },
      offset: { description: "How many to skip." },
    }),
    success: {
      status: 200,
      description: "Your keys, oldest first.",
      content: {
        "application/json": { schema: replies.apiKeyListSchema, example: { apiKeys: [apiKey], total: 1 } },
      },
    },
    refusals: [invalidFor(listKeysSchema(), { limit: ["x"] }), ...OF_SESSIONS, ...FAULTS],
  },
  {
    id: "getApiKey",
    method: "get",
    path: "/api/auth/api-key/get",
    tag: "API keys",
    summary: "Show an API key",
    permission: OWNER,
    credentials: "session",
    parameters: queryParameters(getKeySchema(), { id: { description: "The key's id." } }),
    success: shown("The key, without the key itself."),
    refusals: [invalidFor(getKeySchema(), {}), ...OF_SESSIONS, ...refusals("keyNotFound"), ...FAULTS],
  },
  {
    id: "updateApiKey",
    method: "post",
    path: "/api/auth/api-key/update",
    tag: "API keys",
    summary: "Change an API key",
    permission: OWNER,
    credentials: "session",
    body: {
      schema: updateKeySchema(),
      examples: {
        example: { summary: "Change an API key", value: { keyId: apiKey.id, enabled: false } },
      },
    },
    success: { ...shown("The key as it is now."), headers: WRITE_POLICY },
    refusals: [
      invalidFor(updateKeySchema(), { keyId: "" }),
      ...refusals("keyNotFound"),
      ...OF_SESSION_WRITERS,
    ],
  },
  {
    id: "deleteApiKey",
    method: "post",
    path: "/api/auth/api-key/delete",
    tag: "API keys",
    summary: "Delete an API key",
    permission: OWNER,
    credentials: "session",
    body: {
      schema: deleteKeySchema(),
      examples: { example: { summary: "Delete an API key", value: { keyId: apiKey.id } } },
    },
    success: {
      status: 200,
      description: "Done.",
      headers: WRITE_POLICY,
      content: { "application/json": { schema: replies.successSchema, example: { success: true } } },
    },
    refusals: [invalidFor(deleteKeySchema(), {}), ...refusals("keyNotFound"), ...OF_SESSION_WRITERS],
  },
];
