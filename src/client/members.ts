import type { CallOptions, Transport } from "./transport.ts";
import type {
  Environment,
  Invite,
  Member,
  MemberRole,
  OpenInvite,
  RemovedMember,
  RevokedInvite,
  Role,
  SeenInvite,
} from "./types.ts";

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
  const path = (envId: number) => `/api/environments/${envId}/invites`;
  return {
    /** Makes an invite, whose code is shown once: for whoever has it, or for the owner of one e-mail address. */
    create: (envId: number, role: Role, options?: CallOptions & { email?: string | null }) =>
      transport.change<Invite>("POST", path(envId), options, { role, email: options?.email ?? null }),
    /** The invites of an environment that can still be used. */
    list: (envId: number, options?: CallOptions) => transport.get<OpenInvite[]>(path(envId), options),
    /** Revokes an invite, by its id. */
    revoke: (envId: number, id: string, options?: CallOptions) =>
      transport.change<RevokedInvite>("DELETE", `${path(envId)}/${encodeURIComponent(id)}`, options),
    /** Shows who invites, and to what. */
    look: (code: string, options?: CallOptions) =>
      transport.change<SeenInvite>("POST", "/api/invites/look", options, { code }),
    /** Joins an environment. */
    accept: (code: string, options?: CallOptions) =>
      transport.change<Environment>("POST", "/api/invites/accept", options, { code }),
  };
}
