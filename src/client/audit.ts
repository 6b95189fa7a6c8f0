import type { AuditEvent } from "../audit/replies.ts";
import type { CallOptions, Transport } from "./transport.ts";
import type { AuditFilter } from "./types.ts";

export type { AuditEvent } from "../audit/replies.ts";

/** What was done in environments. */
export function auditClient(transport: Transport) {
  return {
    /** What was done in an environment, and who read what of it, the newest first, read a page at a time. For its admins. */
    list: (envId: number, filter: AuditFilter = {}, options?: CallOptions) =>
      transport.list<AuditEvent>(`/api/environments/${envId}/audit`, { ...filter }, options),
  };
}
