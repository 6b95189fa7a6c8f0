import { ApiFailure } from "../api/failure.ts";

/** What the server says of a form: of each field in its words, and of all of it. */
export interface FormErrors {
  fields: Record<string, string>;
  form: string | null;
}

/** No errors. */
export const NO_ERRORS: FormErrors = { fields: {}, form: null };

/** The refusals that name no field, and the field that they are about. */
const ABOUT: [RegExp, string][] = [
  [/same name already exists/, "name"],
  [/^Duration must/, "duration"],
  [/schedule start time/, "scheduledStart"],
  [/^Environment does not exist/, "envId"],
  [/^(Invalid email$|User already exists)/, "email"],
  [/^Password too (short|long)/, "password"],
];

/**
 * Sorts a refusal's words (`field: what; field: what`) to the fields of a form.
 * @param known the form's fields; what is said of others is said of the form
 */
export function sortErrors(error: unknown, known: readonly string[]): FormErrors {
  const message = describe(error);
  if (!(error instanceof ApiFailure) || error.status >= 500) return { fields: {}, form: message };
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const part of message.split("; ")) {
    const [, path = "", what = ""] = /^([\w.]+): (.+)$/s.exec(part) ?? [];
    const name = known.find((field) => path === field || path.endsWith(`.${field}`));
    const about = ABOUT.find(([words, field]) => known.includes(field) && words.test(part))?.[1];
    if (name !== undefined) fields[name] = what;
    else if (about !== undefined) fields[about] = part;
    else rest.push(part);
  }
  return { fields, form: rest.length === 0 ? null : rest.join("; ") };
}

/** What went wrong, in words to show. */
export function describe(error: unknown): string {
  if (!(error instanceof ApiFailure)) return error instanceof Error ? error.message : String(error);
  return error.status >= 500 && error.requestId !== null
    ? `${error.message} (request ${error.requestId})`
    : error.message;
}
