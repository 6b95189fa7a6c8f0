import { statement } from "../../db/statement.ts";
import type { Env } from "../../env.ts";
import { SEAL_KEYS, type SealedCapture } from "../../environments/seal-keys.ts";
import type { NewStatements } from "../../webhooks/facts.ts";
import { type RecordedCapture, withSources } from "../live-or-stored.ts";
import { compareSides, inOrder } from "./compare.ts";
import { basisOf, type ComparedCapture, readRecording, sideOf } from "./side.ts";

/** How many of the new statements are described, and the most characters of one. */
const MAX_DESCRIBED = 10;
const MAX_DIGEST = 1000;

/** A capture that is compared, as its row has it. */
type Compared = RecordedCapture & SealedCapture & Pick<ComparedCapture, "name" | "start" | "end">;

const CAPTURES = statement(
  `select c.id as id, c.name as name, c.env_id as envId, c.status as status, c.started_at as start, c.ended_at as "end",
     c.log as log, c.redact as redact, c.min_duration_micros as minDurationMicros, ${SEAL_KEYS}
   from captures c where c.id in (:id, :baseId) and c.deleted_at is null and c.workload_erased_at is null`,
);

/**
 * The statements of a capture that are new since another one, without their values: those that would hardly be missing there by
 * chance, the ones that ran most first.
 * @returns null when either capture, or its workload, is gone
 */
export async function findNewStatements(env: Env, id: number, baseId: number): Promise<NewStatements | null> {
  const { results } = await CAPTURES(env.DB, { id, baseId }).all<Compared>();
  const [capture, base] = [id, baseId].map((one) => results.find((row) => row.id === one));
  if (capture === undefined || base === undefined) return null;
  const basis = basisOf(base, capture);
  const [of, ofBase] = await Promise.all([capture, base].map((one) => readRecording(withSources(env, one))));
  if (of === undefined || ofBase === undefined) return null;
  const sides = [
    sideOf(ofBase, basis.calls[0], basis.isTimed),
    sideOf(of, basis.calls[1], basis.isTimed),
  ] as const;
  const { statements } = compareSides(...sides, { minCalls: 1, minChange: 1 });
  const found = inOrder(
    statements.filter(({ part, isSure }) => part === "new" && isSure),
    "calls",
    ...sides,
  );
  return {
    count: found.length,
    first: found.slice(0, MAX_DESCRIBED).map(({ fingerprint, digest, other }) => ({
      fingerprint,
      digest: digest.slice(0, MAX_DIGEST),
      calls: other?.calls ?? 0,
    })),
  };
}
