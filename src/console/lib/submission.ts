import { useRef, useState } from "preact/hooks";
import { type FormErrors, NO_ERRORS, sortErrors } from "./refusals.ts";

/** The sending of a form: whether it is under way, and the errors of the last time. */
export interface Submission<A extends unknown[] = []> {
  busy: boolean;
  errors: FormErrors;
  submit: (...how: A) => Promise<void>;
  /** Forgets what was wrong. */
  clear: () => void;
}

/**
 * Sends a form, and sorts what the server says of it to its fields.
 * @param fields the form's own
 * @param send is told how, where there is more than one way
 */
export function useSubmission<A extends unknown[] = []>(
  fields: readonly string[],
  send: (...how: A) => Promise<void>,
): Submission<A> {
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState(NO_ERRORS);
  const clear = () => setErrors(NO_ERRORS);
  const underWay = useRef(false);
  const submit = async (...how: A) => {
    if (underWay.current) return;
    underWay.current = true;
    setBusy(true);
    clear();
    try {
      await send(...how);
    } catch (error) {
      setErrors(sortErrors(error, fields));
    }
    underWay.current = false;
    setBusy(false);
  };
  return { busy, errors, submit, clear };
}
