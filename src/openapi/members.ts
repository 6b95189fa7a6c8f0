import * as z from "zod";
import { tooManyInvites } from "../environments/refusals.ts";
import {
  inviteSchema,
  memberRoleSchema,
  memberSchema,
  openInviteSchema,
  removedMemberSchema,
  revokedInviteSchema,
  seenInviteSchema,
} from "../environments/replies.ts";
import { inviteCodeSchema, inviteSchema as inviteRequestSchema, roleSchema } from "../environments/schema.ts";
import { ADMIN, ID, MEMBER, ONE_ENVIRONMENT } from "./environments.ts";
import * as examples from "./examples/environments.ts";
import type { Operation, Parameter } from "./operation.ts";
import {
  ANY_NUMBER,
  BAD_ID,
  invalidFor,
  OF_ACCOUNT_WRITERS,
  OF_BODIES,
  OF_CALLERS,
  OF_WRITERS,
  refusals,
  varies,
} from "./refusals.ts";

const USER_ID: Parameter = {
  name: "userId",
  in: "path",
  description: "The member's id.",
  schema: { type: "string", minLength: 1 },
  example: examples.member.userId,
};
const INVITE_ID: Parameter = {
  name: "inviteId",
  in: "path",
  description: "The invite's id.",
  schema: { type: "string", minLength: 1 },
  example: "n4bQgYhMfWWaL-qg",
};
const CODE = "U4nJHxYKvPu6dJZ9YxV86tOhVRg4Xu_k_DYLzQwOUQw";
const CODE_BODY = {
  schema: inviteCodeSchema(),
  examples: { code: { summary: "A code", value: { code: CODE } } },
};
const OF_CODES = [
  { ...invalidFor(inviteCodeSchema(), {}), name: "invalidCode" },
  ...OF_BODIES,
  ...OF_ACCOUNT_WRITERS,
  ...refusals("inviteNotFound", "addressUnproven"),
];
const expiresAt = "2026-11-30T08:46:38.914Z";
const ROLE_BODY = {
  schema: roleSchema(),
  examples: { member: { summary: "A member", value: { role: "member" } } },
};

/** Who belongs to an environment, and the invites by which others join. */
export const memberOperations: Operation[] = [
  {
    id: "listMembers",
    method: "get",
    path: "/api/environments/{id}/members",
    tag: "Members",
    summary: "List an environment's members",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "Its members.",
      content: { "application/json": { schema: z.array(memberSchema), example: [examples.member] } },
    },
    refusals: [BAD_ID, ...OF_CALLERS, ...refusals("environmentNotFound")],
  },
  {
    id: "changeMemberRole",
    method: "put",
    path: "/api/environments/{id}/members/{userId}",
    tag: "Members",
    summary: "Change a member's role",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID, USER_ID],
    body: ROLE_BODY,
    success: {
      status: 200,
      description: "The member's new role.",
      content: {
        "application/json": {
          schema: memberRoleSchema,
          example: { userId: examples.member.userId, role: "member" },
        },
      },
    },
    refusals: [
      invalidFor(roleSchema(), { role: "owner" }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound", "memberNotFound", "lastAdmin"),
    ],
  },
  {
    id: "removeMember",
    method: "delete",
    path: "/api/environments/{id}/members/{userId}",
    tag: "Members",
    summary: "Remove a member, or leave",
    permission: "Admins of the environment; everybody may remove themselves.",
    credentials: "any",
    parameters: [ID, USER_ID],
    success: {
      status: 200,
      description: "The removed member.",
      content: {
        "application/json": { schema: removedMemberSchema, example: { userId: examples.member.userId } },
      },
    },
    refusals: [
      BAD_ID,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound", "memberNotFound", "lastAdmin"),
    ],
  },
  {
    id: "createInvite",
    method: "post",
    path: "/api/environments/{id}/invites",
    tag: "Members",
    summary: "Invite somebody",
    description:
      "A code with which one person can join with a role, whoever has it, or the owner of one e-mail address. It is valid for a week, as " +
      "long as you are an admin, and shown once.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    body: {
      schema: inviteRequestSchema(),
      examples: {
        member: { summary: "A member", value: { role: "member" } },
        bound: { summary: "For one address", value: { role: "admin", email: "jo@example.com" } },
      },
    },
    success: {
      status: 201,
      description: "The invite.",
      content: {
        "application/json": {
          schema: inviteSchema,
          example: { id: INVITE_ID.example, code: CODE, role: "member", email: null, expiresAt },
        },
      },
    },
    refusals: [
      invalidFor(inviteRequestSchema(), { role: "owner" }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound"),
      varies("tooManyInvites", tooManyInvites(100), tooManyInvites(ANY_NUMBER)),
    ],
  },
  {
    id: "listInvites",
    method: "get",
    path: "/api/environments/{id}/invites",
    tag: "Members",
    summary: "List open invites",
    description:
      "Those that can still be used: not those that were, that have expired, or whose maker is an admin no more.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "The invites, oldest first.",
      content: {
        "application/json": {
          schema: z.array(openInviteSchema),
          example: [
            {
              id: INVITE_ID.example,
              role: "admin",
              email: "jo@example.com",
              createdBy: { id: examples.member.userId, name: examples.member.name },
              createdAt: "2026-11-23T08:46:38.914Z",
              expiresAt,
            },
          ],
        },
      },
    },
    refusals: [BAD_ID, ...OF_CALLERS, ...refusals("notAdmin", "environmentNotFound")],
  },
  {
    id: "revokeInvite",
    method: "delete",
    path: "/api/environments/{id}/invites/{inviteId}",
    tag: "Members",
    summary: "Revoke an invite",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID, INVITE_ID],
    success: {
      status: 200,
      description: "The revoked invite.",
      content: {
        "application/json": { schema: revokedInviteSchema, example: { id: INVITE_ID.example } },
      },
    },
    refusals: [BAD_ID, ...OF_WRITERS, ...refusals("notAdmin", "environmentNotFound", "openInviteNotFound")],
  },
  {
    id: "lookAtInvite",
    method: "post",
    path: "/api/invites/look",
    tag: "Members",
    summary: "See who invites, and to what",
    description: "Changes nothing. The code is in the body, since addresses are kept in logs and histories.",
    permission:
      "Whoever is signed in and has the code; of an invite for one address, its owner, who has confirmed it where mail is sent.",
    credentials: "any",
    body: CODE_BODY,
    success: {
      status: 200,
      description: "The invite.",
      content: {
        "application/json": {
          schema: seenInviteSchema,
          example: {
            environment: { id: 1, name: "demo", region: "us-east-1", instance: "demo-mysql" },
            role: "member",
            invitedBy: { name: examples.member.name, email: examples.member.email },
            expiresAt,
          },
        },
      },
    },
    refusals: OF_CODES,
  },
  {
    id: "acceptInvite",
    method: "post",
    path: "/api/invites/accept",
    tag: "Members",
    summary: "Join an environment",
    permission:
      "Whoever is signed in and has the code; of an invite for one address, its owner, who has confirmed it where mail is sent.",
    credentials: "any",
    body: CODE_BODY,
    success: { status: 200, description: "The environment that you have joined.", content: ONE_ENVIRONMENT },
    refusals: [...OF_CODES, ...refusals("alreadyMember")],
  },
];
