import { refuse } from "../http/refusals.ts";

/*
 * What this service says where better-auth refuses: its messages are for programmers, and some name what this service does not
 * have. A message that is not here is passed on; the API's description lists all that its operations answer with.
 */

const LOGIN_REQUIRED = refuse.sessionRequired().message;
/** What is said where an address has sent too many requests of one kind, by better-auth's count or by one like it. */
export const TOO_MANY_REQUESTS = "Too many requests: try again later";
/** What is said where a password is changed by who does not know the one before. */
export const WRONG_CURRENT_PASSWORD = "currentPassword: is not your password";
const NOTHING_TO_CHANGE = "body: must have a field to change";

/** By better-auth's message. `field` is what a password is called where it is set. */
const WORDS: Record<string, (field: string) => string> = {
  "Invalid email": () => "email: must be an e-mail address, such as name@example.com",
  "Invalid email or password": () => "The e-mail address or the password is wrong",
  "Invalid password": (field) =>
    field === "newPassword" ? WRONG_CURRENT_PASSWORD : "password: must not be empty",
  "Password too short": (field) => `${field}: must be at least 8 characters long`,
  "Password too long": (field) => `${field}: must be at most 128 characters long`,
  "User already exists. Use another email.": () =>
    "email: there is an account with this address already: sign in, or use another address",
  "Failed to create user": () => "The account could not be made: try again",
  "No fields to update": () => NOTHING_TO_CHANGE,
  "Body must be an object": () => "body: must be an object",
  "Email can not be updated": () => "email: can't be changed",
  Unauthorized: () => LOGIN_REQUIRED,
  "Invalid JSON in request body": () => "The body is not valid JSON",
  "Too many requests. Please try again later.": () => TOO_MANY_REQUESTS,
};

/**
 * A message of better-auth's in this service's words.
 * @param path of the request, such as `/api/auth/change-password`
 */
export function inOurWords(message: string, path: string): string {
  const field = path.endsWith("/change-password") ? "newPassword" : "password";
  return (
    WORDS[message]?.(field) ??
    message
      // Its validation says `[body.name] is required`; the API says `name: is required`.
      .replace(/\[(?:body|query)\.?([^\]]*)\] /g, (_, name: string) => `${name || "body"}: `)
      .replace(/^Invalid (\w+URL)$/, "$1: must be an address of this service")
  );
}
