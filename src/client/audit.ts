import type * as z from "zod";
import type { AuditEvent } from "../audit/replies.ts";
import type { auditQuerySchema } from "../audit/schema.ts";
import type { CallOptions, Transport } from "./transport.ts";
import type { Moment } from "./types.ts";

export type { AuditEvent } from "../audit/replies.ts";

type Fields = z.output<ReturnType<typeof auditQuerySchema>>;
/** Which events: who did them, what was done, to which capture, from when on, and before when; `limit` is the size of a page. */
export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  capture?: number | undefined;
  from?: Moment | undefined;
  to?: Moment | undefined;
  sort?: Fields["sort"] | undefined;
  limit?: number | undefined;
}

/** What was done in environments. */
export function auditClient(transport: Transport) {
  return {
    /** What was done in an environment, and who read what of it, the newest first, read a page at a time. For its admins. */
    list: (envId: number, filter: AuditFilter = {}, options?: CallOptions) =>
      transport.list<AuditEvent>(`/api/environments/${envId}/audit`, { ...filter }, options),
  };
}
