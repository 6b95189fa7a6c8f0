import { useState } from "preact/hooks";
import { CapturesError } from "../../client/error.ts";
import type { Check } from "../api/types.ts";
import { type Submission, useSubmission } from "./submission.ts";

/** The sending of a form about an instance that AWS has to confirm. */
export interface ConfirmedSubmission extends Submission {
  /** What was found of an instance that can't be captured as it is, if that was the answer. */
  checks: readonly Check[] | null;
  /** Sends the form once more, to have the instance all the same, as one that is not ready. */
  submitAnyway: () => Promise<void>;
}

/**
 * Sends a form about an instance that AWS has to confirm. One that can't be captured as it is is refused with its checks, and taken
 * by choice only.
 * @param fields the form's own
 * @param send is told whether to take one that is not ready
 */
export function useConfirmedSubmission(
  fields: readonly string[],
  send: (allowNotReady: boolean) => Promise<void>,
): ConfirmedSubmission {
  const [checks, setChecks] = useState<readonly Check[] | null>(null);
  const { submit, ...submission } = useSubmission(fields, async (allowNotReady: boolean) => {
    try {
      await send(allowNotReady);
    } catch (error) {
      setChecks(error instanceof CapturesError ? error.checks : null);
      throw error;
    }
  });
  return { ...submission, checks, submit: () => submit(false), submitAnyway: () => submit(true) };
}
