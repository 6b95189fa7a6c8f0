import { ApiError, notNow } from "../../http/refusals.ts";

/** Why a provider's answer is of no use: it did not come, or it is not what it must be. */
export class ProviderFault extends Error {
  override readonly name = "ProviderFault";
  /** What is said to the person who signs in. */
  readonly refusal: ApiError;

  /** The error that the provider's answer names (RFC 6749, section 5.2), if it is one. */
  readonly code: string | undefined;

  constructor(refusal: ApiError, cause: unknown, code?: string) {
    super(refusal.message, { cause });
    this.refusal = refusal;
    this.code = code;
  }
}

/** Whom to ask, at the end of a refusal. */
const ask = (contact: string | null): string => `Ask ${contact ?? "whoever runs this service"}.`;

/** Why somebody is not signed in. `name` is the provider's, `contact` whom to ask. */
export const refuseSignOn = {
  noPasswords: () =>
    new ApiError(403, "People sign in here by single sign-on only: there are no passwords to sign in with"),
  unknownProvider: () => new ApiError(404, "provider: is not one that people sign in with here"),
  notBegun: () =>
    new ApiError(400, "This sign-on was not begun in this browser, or too long ago: begin again"),
  used: () => new ApiError(400, "This sign-on was finished already, or took too long: begin again"),
  cancelled: (name: string) => new ApiError(403, `${name} did not sign you in: begin again`),
  noAddress: (name: string, contact: string | null) =>
    new ApiError(403, `${name} does not say which e-mail address is yours. ${ask(contact)}`),
  unverified: (name: string, contact: string | null) =>
    new ApiError(403, `${name} does not confirm that your e-mail address is yours. ${ask(contact)}`),
  otherDomain: (name: string, contact: string | null) =>
    new ApiError(403, `Your address at ${name} is not of a domain that may sign in here. ${ask(contact)}`),
  noGroup: (name: string, contact: string | null) =>
    new ApiError(403, `You are in no group at ${name} that may sign in here. ${ask(contact)}`),
  otherPerson: (name: string, contact: string | null) =>
    new ApiError(
      403,
      `The account with your address belongs to another identity at ${name}: it can't be told that you are the same person. ${ask(contact)}`,
    ),
  inviteRequired: (contact: string | null) =>
    new ApiError(
      403,
      `Sign-up is by invite only: follow the link of an invite, and sign in there. ${ask(contact)}`,
    ),
  unavailable: (name: string) => notNow(`${name} does not answer just now: try again soon`),
  garbage: (name: string) =>
    new ApiError(
      502,
      `${name} answered something that can't be relied on; the request id helps us to find out why`,
    ),
  notAccepted: (name: string) =>
    new ApiError(
      502,
      `${name} does not accept this service as it is set up; the request id helps us to find out why`,
    ),
} as const;
