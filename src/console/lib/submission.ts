import { useRef, useState } from "preact/hooks";
import { type FormErrors, NO_ERRORS, sortErrors } from "./refusals.ts";

/** The sending of a form: whether it is under way, and the errors of the last time. */
export interface Submission {
  busy: boolean;
  errors: FormErrors;
  submit: () => Promise<void>;
  /** Forgets what was wrong. */
  clear: () => void;
}

/**
 * Sends a form, and sorts what the server says of it to its fields.
 * @param fields the form's own
 */
export function useSubmission(fields: readonly string[], send: () => Promise<void>): Submission {
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState(NO_ERRORS);
  const clear = () => setErrors(NO_ERRORS);
  const underWay = useRef(false);
  const submit = async () => {
    if (underWay.current) return;
    underWay.current = true;
    setBusy(true);
    clear();
    try {
      await send();
    } catch (error) {
      setErrors(sortErrors(error, fields));
    }
    underWay.current = false;
    setBusy(false);
  };
  return { busy, errors, submit, clear };
}
