import { actionSql } from "../audit/actions.ts";
import { deedOfService, detailsSql } from "../audit/recording.ts";

/*
 * Who owns an account: whoever owns its address. Anybody can sign up with any address, and is let in at once; so an account whose
 * address nobody has proven may be another's who came first, and is not to stay theirs.
 */

/**
 * The SQL of statements, in this order, by which somebody who has proven an address gets the account that has it: all that lets
 * somebody in who came before ends, which is sessions, API keys, logins of programs that wait for their key, ways to sign in, the address
 * of a calendar, and invites that could bring them back into its environments; guesses from their networks have no count of their own
 * any more. Memberships stay. Of an account whose address was proven before, nothing
 * ends. They take the parameter `:now`; the account has no password after them, nor does anything but its links hold any more
 * (`dropLinks`).
 * @param owner SQL of the account's user id, null for nobody
 */
export function takeOver(owner: string): string[] {
  const unproven = `(select id from user where id = ${owner} and email_verified = 0)`;
  return [
    `delete from apikey where reference_id = ${unproven}`,
    `delete from session where user_id = ${unproven}`,
    `delete from device_codes where decided_by = ${unproven}`,
    `delete from account where user_id = ${unproven}`,
    `delete from calendar_feeds where user_id = ${unproven}`,
    `delete from known_networks where user_id = ${unproven}`,
    deedOfService(
      {
        action: actionSql("invite.revoked"),
        envId: "i.env_id",
        // As environments/invites.ts names invites.
        subject: { id: "substr(i.code_hash, 1, 16)", name: "i.email" },
        details: detailsSql({ role: "i.role" }),
        rows: `from invites i where i.created_by = ${unproven} and i.accepted_at is null`,
      },
      "'take-over'",
    ),
    `delete from invites where created_by = ${unproven} and accepted_at is null`,
    `update user set email_verified = 1, updated_at = :now where id = ${unproven}`,
  ];
}

/**
 * The SQL that makes all links to an account void: whatever was mailed before something of it has changed.
 * @param owner SQL of the account's user id, null for nobody
 */
export const dropLinks = (owner: string): string => `delete from email_links where user_id = ${owner}`;
