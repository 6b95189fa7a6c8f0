import { refuse } from "../http/refusals.ts";

/*
 * What this service says where better-auth refuses: its messages are for programmers, and some name what this service does not
 * have. A message that is not here is passed on; the API's description lists all that its operations answer with.
 */

const LOGIN_REQUIRED = refuse.sessionRequired().message;
const NOTHING_TO_CHANGE = "body: must have a field to change";

/** By better-auth's message. `field` is what a password is called where it is set. */
const WORDS: Record<string, (field: string) => string> = {
  "Invalid email": () => "email: must be an e-mail address, such as name@example.com",
  "Invalid email or password": () => "The e-mail address or the password is wrong",
  "Invalid password": (field) =>
    field === "newPassword" ? "currentPassword: is not your password" : "password: must not be empty",
  "Password too short": (field) => `${field}: must be at least 8 characters long`,
  "Password too long": (field) => `${field}: must be at most 128 characters long`,
  "User already exists. Use another email.": () =>
    "email: there is an account with this address already: sign in, or use another address",
  "Failed to create user": () => "The account could not be made: try again",
  "No fields to update": () => NOTHING_TO_CHANGE,
  "No values to update.": () => NOTHING_TO_CHANGE,
  "Body must be an object": () => "body: must be an object",
  "Email can not be updated": () => "email: can't be changed",
  "The name length is either too large or too small.": () => "name: must be 1 to 32 characters long",
  "The expiresIn is smaller than the predefined minimum value.": () =>
    "expiresIn: must be at least 86400 seconds (a day)",
  "The expiresIn is larger than the predefined maximum value.": () =>
    "expiresIn: must be at most 31536000 seconds (365 days)",
  "The prefix length is either too large or too small.": () => "prefix: not known here",
  "Metadata is disabled.": () => "metadata: not known here",
  "The property you're trying to set can only be set from the server auth instance only.": () =>
    "body: has a field that can't be set here",
  "API Key not found": () => "API key does not exist",
  Unauthorized: () => LOGIN_REQUIRED,
  "Unauthorized or invalid session": () => LOGIN_REQUIRED,
  "Invalid JSON in request body": () => "The body is not valid JSON",
  "Too many requests. Please try again later.": () => "Too many requests: try again later",
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
