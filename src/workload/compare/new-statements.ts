import { statement } from "../../db/statement.ts";
import { type Env, runnerOf } from "../../env.ts";
import type { NewStatements } from "../../webhooks/facts.ts";
import type { LogDigests } from "../workload-state.ts";
import { compareSides, inOrder } from "./compare.ts";
import { basisOf, type ComparedCapture, readRecording, sideOf } from "./side.ts";

/** How many of the new statements are described, and the most characters of one. */
const MAX_DESCRIBED = 10;
const MAX_DIGEST = 1000;

const CAPTURES = statement(
  `select id, name, env_id as envId, status, started_at as start, ended_at as "end", log, redact,
     min_duration_micros as minDurationMicros
   from captures where id in (:id, :baseId) and deleted_at is null`,
);

/**
 * The statements of a capture that are new since another one, without their values: those that would hardly be missing there by
 * chance, the ones that ran most first.
 * @returns null when either capture is gone
 */
export async function findNewStatements(env: Env, id: number, baseId: number): Promise<NewStatements | null> {
  const { results } = await CAPTURES(env.DB, { id, baseId }).all<ComparedCapture>();
  const [capture, base] = [id, baseId].map((one) => results.find((row) => row.id === one));
  if (capture === undefined || base === undefined) return null;
  const basis = basisOf(base, capture);
  const [of, ofBase] = await Promise.all(
    [capture, base].map((one) => readRecording(env.BUCKET, withRunner(env, one))),
  );
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

/** A capture with the way to its runner, which has nothing to say of one that is DONE. */
function withRunner(env: Env, capture: ComparedCapture): ComparedCapture {
  const runner = runnerOf(env, capture.id);
  return {
    ...capture,
    askRunner: () => runner.workload(),
    askRunnerForDigests: () => runner.digests() as Promise<LogDigests | null>,
    askRunnerForSeries: (fingerprint) => runner.series(fingerprint),
    askRunnerForSpan: (span) => runner.span(span),
  };
}
