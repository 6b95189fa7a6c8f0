import type * as z from "zod";
import { notParsed } from "../http/refusals.ts";
import { POLL_SECONDS, WRONG_CODES } from "../identity/device/limits.ts";
import { DeviceRefusal, refuseKey, tooManyWrongCodes } from "../identity/device/refusals.ts";
import * as replies from "../identity/device/replies.ts";
import {
  approveSchema,
  codeSchema,
  GRANT_TYPE,
  tokenSchema,
  verifySchema,
} from "../identity/device/schema.ts";
import { secretKey, user } from "./examples/identity.ts";
import { EXHAUSTED, SIGN_IN_POLICY, WRITE_POLICY } from "./header-fields.ts";
import { SIGNED_IN, TOO_MANY_SIGN_INS, TOO_OFTEN } from "./identity.ts";
import { TOO_MANY_KEYS } from "./keys.ts";
import type { Operation, Refusal } from "./operation.ts";
import {
  ANY_NUMBER,
  ANY_TEXT,
  FAULTS,
  invalidFor,
  NOT_JSON_TYPE,
  OF_SESSION_WRITERS,
  refusalOf,
  refusals,
  TOO_LARGE,
  TOO_MANY_CHANGES,
  varies,
} from "./refusals.ts";

/* Logging in a program that has no browser (RFC 8628). */

const USER_CODE = "BCDF-GHJK";
const CLIENT = "captures on build-7";
const DEVICE_CODE = "nVqPdWkHcTzRbGmXsLfYwJoQeAiUxKtBvCyDrNhMpSg";

/** A refusal as it is, with the code that it has in the RFCs. */
const coded = (refusal: Refusal, { body }: DeviceRefusal): Refusal => ({ ...refusal, fields: body });
const ofDevice = (name: string, refusal: DeviceRefusal): Refusal => coded(refusalOf(name, refusal), refusal);

const TOO_FAST: Refusal = coded(
  varies("tooFast", refuseKey.tooFast(2 * POLL_SECONDS), refuseKey.tooFast(ANY_NUMBER)),
  refuseKey.tooFast(2 * POLL_SECONDS),
);

/** What a program's request that is none is refused with. */
function ofRequest(schema: z.ZodType, input: unknown): Refusal[] {
  const broken = varies("malformedRequest", notParsed("Unexpected end of JSON input"), notParsed(ANY_TEXT));
  return [invalidFor(schema, input), broken].map((refusal) =>
    coded(refusal, new DeviceRefusal("invalid_request", refusal.message)),
  );
}

const OF_PROGRAMS = [...refusals("otherOrigin"), TOO_LARGE, NOT_JSON_TYPE, ...FAULTS];

/** More wrong codes of an account or an address than are let through. */
const TOO_MANY_WRONG_CODES: Refusal = {
  ...varies("tooManyWrongCodes", tooManyWrongCodes(WRONG_CODES.ofAccount), tooManyWrongCodes(ANY_NUMBER)),
  headers: EXHAUSTED,
};

/** What is refused to whoever decides. */
const OF_DECISIONS = [
  invalidFor(verifySchema(), { userCode: "0000" }),
  ...refusals("deviceCodeNotFound"),
  ...OF_SESSION_WRITERS,
  TOO_MANY_WRONG_CODES,
];

const decided = (status: "approved" | "denied"): Operation["success"] => ({
  status: 200,
  description: "What was decided.",
  headers: WRITE_POLICY,
  content: {
    "application/json": { schema: replies.deviceDecisionSchema, example: { client: CLIENT, status } },
  },
});

/** `/api/auth/device`. */
export const deviceOperations: Operation[] = [
  {
    id: "startDeviceLogin",
    method: "post",
    path: "/api/auth/device/code",
    tag: "Device login",
    summary: "Ask for a code",
    description:
      "For a program without a browser, such as the command line on a server. It shows the user code and the page to a person, who " +
      "approves it there, and asks for its key meanwhile. As RFC 8628 (section 3.1) has it, but that the body is JSON.",
    permission: "Everybody.",
    credentials: "none",
    body: {
      schema: codeSchema(),
      examples: { example: { summary: "Ask for a code", value: { client_id: CLIENT } } },
    },
    success: {
      status: 200,
      description: "The codes.",
      headers: SIGN_IN_POLICY,
      content: {
        "application/json": {
          schema: replies.deviceCodeSchema,
          example: {
            device_code: DEVICE_CODE,
            user_code: USER_CODE,
            verification_uri: "https://captures.example.com/device",
            verification_uri_complete: `https://captures.example.com/device#code=${USER_CODE}`,
            expires_in: 600,
            interval: POLL_SECONDS,
          },
        },
      },
    },
    refusals: [...ofRequest(codeSchema(), { client_id: "" }), TOO_MANY_SIGN_INS, TOO_OFTEN, ...OF_PROGRAMS],
    refusalSchemas: { 400: replies.deviceErrorSchema },
  },
  {
    id: "pollDeviceLogin",
    method: "post",
    path: "/api/auth/device/token",
    tag: "Device login",
    summary: "Ask for the key",
    description:
      "Once every `interval` seconds, until there is an answer other than `authorization_pending` and `slow_down`; after the latter, " +
      `${POLL_SECONDS} seconds more from then on (RFC 8628, section 3.5). The key is handed over once: it is the approving person's, ` +
      "has the program's name, and is listed and revoked with their other keys.",
    permission: "Whoever has the device code.",
    credentials: "none",
    body: {
      schema: tokenSchema(),
      examples: {
        example: {
          summary: "Ask for the key",
          value: { grant_type: GRANT_TYPE, device_code: DEVICE_CODE, client_id: CLIENT },
        },
      },
    },
    success: {
      status: 200,
      description: "The key. It is shown once.",
      headers: WRITE_POLICY,
      content: {
        "application/json": {
          schema: replies.deviceTokenSchema,
          example: {
            access_token: secretKey,
            token_type: "Bearer",
            expires_in: 7_776_000,
            scope: "write",
            user: { id: user.id, name: user.name, email: user.email },
          },
        },
      },
    },
    refusals: [
      ofDevice("pending", refuseKey.pending()),
      TOO_FAST,
      ofDevice("denied", refuseKey.denied()),
      ofDevice("expired", refuseKey.expired()),
      ofDevice("unknown", refuseKey.unknown()),
      ...ofRequest(tokenSchema(), { grant_type: GRANT_TYPE, client_id: CLIENT }),
      TOO_MANY_CHANGES,
      ...OF_PROGRAMS,
    ],
    refusalSchemas: { 400: replies.deviceErrorSchema },
  },
  {
    id: "verifyDeviceLogin",
    method: "post",
    path: "/api/auth/device/verify",
    tag: "Device login",
    summary: "Show who asks with a code",
    description:
      "What to look at before a login is approved. It can still be approved or denied after that, by whoever has the code.",
    permission: SIGNED_IN,
    credentials: "session",
    body: {
      schema: verifySchema(),
      examples: { example: { summary: "Show who asks with a code", value: { userCode: USER_CODE } } },
    },
    success: {
      status: 200,
      description: "Who asks.",
      headers: WRITE_POLICY,
      content: {
        "application/json": {
          schema: replies.deviceRequestSchema,
          example: {
            client: CLIENT,
            address: "192.0.2.1",
            isYourNetwork: true,
            scope: "write",
            requestedAt: "2026-11-23T08:45:17.228Z",
            expiresAt: "2026-11-23T08:55:17.228Z",
          },
        },
      },
    },
    refusals: OF_DECISIONS,
  },
  {
    id: "approveDeviceLogin",
    method: "post",
    path: "/api/auth/device/approve",
    tag: "Device login",
    summary: "Approve a login",
    description:
      "The program gets an API key of yours the next time it asks. For good: a code is approved or denied once.",
    permission: SIGNED_IN,
    credentials: "session",
    body: {
      schema: approveSchema(),
      examples: {
        example: { summary: "Approve a login", value: { userCode: USER_CODE, expiresIn: 2_592_000 } },
      },
    },
    success: decided("approved"),
    refusals: [...OF_DECISIONS, TOO_MANY_KEYS, ...refusals("environmentNotFound")],
  },
  {
    id: "denyDeviceLogin",
    method: "post",
    path: "/api/auth/device/deny",
    tag: "Device login",
    summary: "Deny a login",
    permission: SIGNED_IN,
    credentials: "session",
    body: {
      schema: verifySchema(),
      examples: { example: { summary: "Deny a login", value: { userCode: USER_CODE } } },
    },
    success: decided("denied"),
    refusals: OF_DECISIONS,
  },
];
