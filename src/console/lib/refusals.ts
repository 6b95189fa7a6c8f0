import { CapturesError } from "../../client/error.ts";
import { TIMEOUT_MS } from "../api/timeout.ts";

/** The server's errors of a form: by field, and for the form as a whole. */
export interface FormErrors {
  fields: Record<string, string>;
  form: string | null;
}

/** No errors. */
export const NO_ERRORS: FormErrors = { fields: {}, form: null };

/** A refusal as the service's are, of what the console sees itself. @param problems of each field: `field: what` */
export const refused = (...problems: string[]): CapturesError =>
  new CapturesError(problems.join("; "), { status: 400, requestId: null });

/** The refusals that name no field, and the field that they belong to. */
const ABOUT: [RegExp, string][] = [
  [/same name already exists/, "name"],
  [/^Duration must/, "duration"],
  [/schedule start time/, "scheduledStart"],
  [/^This environment does not exist/, "envId"],
];

/**
 * Sorts a refusal's words (`field: what; field: what`) to the fields of a form.
 * @param known the form's fields; errors of other fields become errors of the form
 */
export function sortErrors(error: unknown, known: readonly string[]): FormErrors {
  const message = describe(error);
  if (!(error instanceof CapturesError) || (error.status ?? 500) >= 500) return { fields: {}, form: message };
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const part of message.split("; ")) {
    const [, path = "", words = ""] = /^([\w./-]+): (.+)$/s.exec(part) ?? [];
    const name = known.find(
      (field) => path === field || path.endsWith(`.${field}`) || path.startsWith(`${field}.`),
    );
    // Of one of several values in a field, such as a label, which one it is.
    const what =
      name !== undefined && path.startsWith(`${name}.`) ? `${path.slice(name.length + 1)} ${words}` : words;
    const about = ABOUT.find(([words, field]) => known.includes(field) && words.test(part))?.[1];
    if (name !== undefined) fields[name] = what;
    else if (about !== undefined) fields[about] = part;
    else rest.push(part);
  }
  return { fields, form: rest.length === 0 ? null : rest.join("; ") };
}

/** What the API says of what is not there, or not there for the reader, and what the console says. */
const GONE: Record<string, string> = {
  "Capture not found": "This capture does not exist or was deleted",
  "Capture's environment not found": "This capture does not exist or was deleted",
  "Schedule not found": "This schedule does not exist or was deleted",
  "Environment does not exist": "This environment does not exist or was deleted",
};

/** An error in words to show. */
export function describe(error: unknown): string {
  if (!(error instanceof CapturesError)) return error instanceof Error ? error.message : String(error);
  const { status, message, requestId, retryAfter } = error;
  if (status === 404) return GONE[message] ?? message;
  if (status === null) return whyUnanswered(error);
  if (status === 429) return withWait(message, retryAfter);
  return status >= 500 && requestId !== null ? `${message} (request ${requestId})` : message;
}

function whyUnanswered({ cause }: CapturesError): string {
  const { onLine } = navigator as { onLine?: boolean };
  if (onLine === false) return "You are offline";
  return cause instanceof Error && cause.name === "TimeoutError"
    ? `The service did not answer within ${TIMEOUT_MS / 1000} seconds`
    : "The service can't be reached just now";
}

/** A refusal's words, and for how many seconds to wait before trying again. */
function withWait(words: string, seconds: number | null): string {
  if (seconds === null || seconds <= 0) return words;
  const sentence = /[.!?]$/.test(words) ? words : `${words}.`;
  return `${sentence} Wait ${seconds === 1 ? "a second" : `${Math.ceil(seconds)} seconds`} before trying again.`;
}
