import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { NEW_MESSAGE_ID } from "./outbox.ts";

/*
 * The D1 statements of mails to admins that a webhook was switched off. Each is written by the batch that switches it off, one for each
 * admin whose address is verified, and deleted when it is sent, or has nothing to tell any more.
 */

/** How long a claim lasts: longer than an attempt takes. */
const CLAIM_MS = 2 * 60_000;

/**
 * The SQL that has admins told, where `:tells`.
 * @param disabled the webhooks `w` that are switched off at `:now`, what follows `from`
 */
export const noticeSql = (disabled: string): string =>
  `insert into webhook_notices (webhook_id, user_id, disabled_at, message_id, next_at)
   select w.id, m.user_id, :now, ${NEW_MESSAGE_ID}, :now from (select w.* from ${disabled}) w
     join members m on m.env_id = w.env_id and m.role = 'admin'
     join user u on u.id = m.user_id and u.email_verified = 1
   where :tells = 1 on conflict do nothing`;

/** A mail that was claimed, with what it tells; null where there is nothing to tell, or nobody, any more. */
export interface Notice {
  id: number;
  messageId: string;
  attempts: number;
  disabledAt: number;
  email: string | null;
  name: string;
  reason: string;
  origin: string;
  envId: number;
  environment: string;
}

const CLAIM = statement(
  `update webhook_notices set next_at = :until, attempts = attempts + 1
   where id in (select id from webhook_notices where next_at <= :now order by next_at limit :limit) returning id`,
);

const READ = statement(
  `select n.id as id, n.message_id as messageId, n.attempts as attempts, n.disabled_at as disabledAt, u.email as email, w.name as name,
     w.disabled_reason as reason, w.origin as origin, e.id as envId, e.name as environment
   from webhook_notices n left join webhooks w on w.id = n.webhook_id and w.disabled_at = n.disabled_at
     left join environments e on e.id = w.env_id
     left join members m on m.env_id = w.env_id and m.user_id = n.user_id and m.role = 'admin'
     left join user u on u.id = m.user_id and u.email_verified = 1
   where n.id in (select value from json_each(:ids))`,
);

/** Claims mails that are to be tried now. */
export async function claimNotices(db: Db, now: number, limit: number): Promise<Notice[]> {
  const claimed = await CLAIM(db, { now, until: now + CLAIM_MS, limit }).all<{ id: number }>();
  if (claimed.results.length === 0) return [];
  const ids = JSON.stringify(claimed.results.map(({ id }) => id));
  return (await READ(db, { ids }).all<Notice>()).results;
}

const DONE = statement("delete from webhook_notices where id = :id");
const AGAIN = statement("update webhook_notices set next_at = :nextAt where id = :id");

/** Notes what came of a mail: when it is tried again, or null when it is not. */
export async function endNotice(db: Db, id: number, nextAt: number | null): Promise<void> {
  await (nextAt === null ? DONE(db, { id }) : AGAIN(db, { id, nextAt })).run();
}
