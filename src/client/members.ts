import type { CallOptions, Transport } from "./transport.ts";
import type { Environment, Invite, Member, MemberRole, RemovedMember, Role } from "./types.ts";

/** Who belongs to environments. */
export function members(transport: Transport) {
  const path = (envId: number, userId?: string) =>
    `/api/environments/${envId}/members${userId === undefined ? "" : `/${encodeURIComponent(userId)}`}`;
  return {
    /** Who belongs to an environment. */
    list: (envId: number, options?: CallOptions) => transport.get<Member[]>(path(envId), options),
    /** Changes what a member may do. */
    setRole: (envId: number, userId: string, role: Role, options?: CallOptions) =>
      transport.change<MemberRole>("PUT", path(envId, userId), options, { role }),
    /** Removes a member; yourself, to leave. */
    remove: (envId: number, userId: string, options?: CallOptions) =>
      transport.change<RemovedMember>("DELETE", path(envId, userId), options),
  };
}

/** Invites to environments. */
export function invites(transport: Transport) {
  return {
    /** Makes an invite, whose code is shown once. */
    create: (envId: number, role: Role, options?: CallOptions) =>
      transport.change<Invite>("POST", `/api/environments/${envId}/invites`, options, { role }),
    /** Joins an environment. */
    accept: (code: string, options?: CallOptions) =>
      transport.change<Environment>("POST", `/api/invites/${encodeURIComponent(code)}/accept`, options),
  };
}
