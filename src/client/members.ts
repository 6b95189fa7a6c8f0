import type { CallOptions, Transport } from "./transport.ts";
import type { Environment, Invite, Member, MemberRole, RemovedMember, Role } from "./types.ts";

/** Who belongs to environments. */
export function members(transport: Transport) {
  const path = (envId: number, userId?: string) =>
    `/api/environments/${envId}/members${userId === undefined ? "" : `/${encodeURIComponent(userId)}`}`;
  return {
    /** Who belongs to an environment. */
    list: (envId: number, options?: CallOptions) =>
      transport.json<Member[]>({ method: "GET", path: path(envId), options }),
    /** Changes what a member may do. */
    setRole: (envId: number, userId: string, role: Role, options?: CallOptions) =>
      transport.json<MemberRole>({ method: "PUT", path: path(envId, userId), json: { role }, options }),
    /** Removes a member; yourself, to leave. */
    remove: (envId: number, userId: string, options?: CallOptions) =>
      transport.json<RemovedMember>({ method: "DELETE", path: path(envId, userId), options }),
  };
}

/** Invites to environments. */
export function invites(transport: Transport) {
  return {
    /** Makes an invite, whose code is shown once. */
    create: (envId: number, role: Role, options?: CallOptions) =>
      transport.json<Invite>({
        method: "POST",
        path: `/api/environments/${envId}/invites`,
        json: { role },
        options,
      }),
    /** Joins an environment. */
    accept: (code: string, options?: CallOptions) =>
      transport.json<Environment>({
        method: "POST",
        path: `/api/invites/${encodeURIComponent(code)}/accept`,
        options,
      }),
  };
}
