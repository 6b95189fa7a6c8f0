import type * as z from "zod";
import type { Capture, CaptureEvent, LiveMessage } from "../captures/schema.ts";
import type { Environment, Member } from "../environments/schema.ts";
import type { ErrorBody } from "../http/refusals.ts";
import type { Metric } from "../metrics/schema.ts";
import type { Workload, WorkloadDigest } from "../workload/schema.ts";
import type * as replies from "./replies.ts";

/*
 * That the documented shape of a reply is, field by field, the one that the API's own code makes: a field that one of them has
 * and the other has not is an error here, at compile time.
 */

type Exactly<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { documented: A; made: B };
type Reply<Name extends keyof typeof replies> = (typeof replies)[Name] extends z.ZodType
  ? Flat<z.output<(typeof replies)[Name]>>
  : never;
/** One spelling of an object type, so that only what it has is compared. */
type Flat<T> = T extends (infer Item)[]
  ? Flat<Item>[]
  : T extends object
    ? { [Key in keyof T]: Flat<T[Key]> }
    : T;
type All<T extends true[]> = T;

/** Compiles only while all of them agree. */
export type Agreement = All<
  [
    Exactly<Reply<"captureSchema">, Flat<Capture>>,
    Exactly<Reply<"captureEventSchema">, Flat<CaptureEvent>>,
    Exactly<Reply<"liveMessageSchema">, Flat<LiveMessage>>,
    Exactly<Reply<"metricSchema">, Flat<Metric>>,
    Exactly<Reply<"workloadSchema">, Flat<Workload>>,
    Exactly<Reply<"workloadDigestSchema">, Flat<WorkloadDigest>>,
    Exactly<Reply<"environmentSchema">, Flat<Environment>>,
    Exactly<Reply<"memberSchema">, Flat<Member>>,
    Exactly<Reply<"errorSchema">, Flat<ErrorBody>>,
  ]
>;
