import type { Mail } from "../../mail/mail.ts";

/*
 * What is mailed about an account. Nothing in a mail was chosen by somebody else than its receiver, but for the new address of an
 * account: anybody can sign up with anybody's address, and by any name.
 */

/** What a mail is about, and whom it is for. */
interface About {
  to: string;
  /** The service's own, such as `https://captures.example.com`. */
  origin: string;
}

/** A mail of a few paragraphs. */
const mail = ({ to, origin }: About, subject: string, ...paragraphs: string[]): Mail => ({
  to,
  subject: `Captures: ${subject}`,
  text: `${[...paragraphs, `This is about your account at ${origin}`].join("\n\n")}\n`,
});

/** Behind `#`: no server sees it, and no program that opens addresses of mails uses it up. */
const link = ({ origin }: About, page: "reset" | "verify", token: string): string =>
  `${origin}/${page}#${token}`;

const ONCE = "The link can be used once, within an hour.";

/** A link to set a new password by. */
export const resetMail = (
  about: About,
  { token, isVerified }: { token: string; isVerified: boolean },
): Mail =>
  mail(
    about,
    "set a new password",
    "Somebody, most likely you, has asked for a new password. To choose one, open:",
    link(about, "reset", token),
    ONCE,
    isVerified
      ? "A new password signs you out everywhere. Your API keys go on working, unless you choose otherwise on that page."
      : "Your address was not confirmed before. So a new password signs everybody out of the account, and ends its API keys, too: somebody else may have made them.",
    "If it was not you, you need do nothing: your password stays as it is.",
  );

/** A link to prove an address by, after a sign-up or when its owner asks. */
export const verifyMail = (about: About, token: string): Mail =>
  mail(
    about,
    "confirm your e-mail address",
    "There is an account with this address. To confirm that it is yours, open:",
    link(about, "verify", token),
    ONCE,
    "If you have not made this account, somebody else has. By the same link you can choose a password for it: the account is yours then, and whoever made it is out. Or do nothing: it stays marked as not confirmed.",
  );

/** That somebody has tried to sign up with the address of an account which nobody has proven. */
export const triedMail = (about: About, token: string): Mail =>
  mail(
    about,
    "somebody has tried to sign up with your address",
    "Somebody, most likely you, has tried to sign up, but there is an account with this address already. Nobody has confirmed that it is theirs. If it is you who reads this mail, it is yours, whoever made it. To confirm that, or to choose a new password for it, open:",
    link(about, "verify", token),
    ONCE,
    "A new password signs everybody else out of the account, and ends its API keys.",
  );

/** A link that gives an account a new address; to that one. */
export const changeMail = (about: About, token: string): Mail =>
  mail(
    about,
    "confirm your new e-mail address",
    "Somebody, most likely you, wants this to be the address of their account. To confirm that, sign in as before, and open:",
    link(about, "verify", token),
    ONCE,
    "If it was not you, do nothing: your address is not used.",
  );

/** That somebody wants to give an account the address of another one. */
export const takenMail = (about: About): Mail =>
  mail(
    about,
    "your address has an account already",
    "Somebody, most likely you, wants this to be the address of another account. That is not possible as long as there is an account with it: sign in to this one instead, or give it another address first.",
  );

/** That an account is to have another address; to the one that it has. */
export const changeAskedMail = (about: About, newEmail: string): Mail =>
  mail(
    about,
    "your e-mail address is to be changed",
    `Somebody who knows your password wants the account to have the address ${newEmail}. That is done once it is confirmed by a mail to that address.`,
    "If it was not you, change your password now: that makes the other mail void.",
  );

/** That an account has another address; to the one that it had. */
export const changedMail = (about: About, newEmail: string): Mail =>
  mail(
    about,
    "your e-mail address was changed",
    `The account has the address ${newEmail} from now on. Mail about it goes there.`,
    "If it was not you, ask who runs the service for help at once.",
  );

/** That an account has a new password. */
export const passwordSetMail = (about: About, { keysRevoked }: { keysRevoked: boolean }): Mail =>
  mail(
    about,
    "your password was changed",
    "A new password was set by a link. All sessions have ended: sign in with the new one.",
    keysRevoked
      ? "The account's API keys and its calendar's address have ended, too."
      : "The account's API keys go on working. If you don't know them all, revoke them on the page of your API keys.",
    "If it was not you, ask for a new password yourself at once, and tell who runs the service: somebody else reads your mail.",
  );
