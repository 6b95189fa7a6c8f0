import * as z from "zod";
import {
  inviteSchema,
  memberRoleSchema,
  memberSchema,
  removedMemberSchema,
} from "../environments/replies.ts";
import { roleSchema } from "../environments/schema.ts";
import { tooManyInvites } from "../http/refusals.ts";
import { ADMIN, ID, MEMBER, ONE_ENVIRONMENT } from "./environments.ts";
import * as examples from "./examples.ts";
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
    description: "A code with which one person can join with a role. It is valid for a week, and shown once.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    body: ROLE_BODY,
    success: {
      status: 201,
      description: "The invite.",
      content: {
        "application/json": {
          schema: inviteSchema,
          example: {
            code: "U4nJHxYKvPu6dJZ9YxV86tOhVRg4Xu_k_DYLzQwOUQw",
            expiresAt: "2026-11-30T08:46:38.914Z",
          },
        },
      },
    },
    refusals: [
      invalidFor(roleSchema(), { role: "owner" }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound"),
      varies("tooManyInvites", tooManyInvites(100), tooManyInvites(ANY_NUMBER)),
    ],
  },
  {
    id: "acceptInvite",
    method: "post",
    path: "/api/invites/{code}/accept",
    tag: "Members",
    summary: "Join an environment",
    permission: "Whoever is signed in and has the code.",
    credentials: "any",
    parameters: [
      {
        name: "code",
        in: "path",
        description: "The invite's code.",
        schema: { type: "string", minLength: 1 },
        example: "U4nJHxYKvPu6dJZ9YxV86tOhVRg4Xu_k_DYLzQwOUQw",
      },
    ],
    success: { status: 200, description: "The environment that you have joined.", content: ONE_ENVIRONMENT },
    refusals: [...OF_ACCOUNT_WRITERS, ...refusals("inviteNotFound", "alreadyMember")],
  },
];
