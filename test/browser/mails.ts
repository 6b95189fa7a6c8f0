import { eventually, type World } from "./world.ts";

/** What is listed of a mail that the local binding was given. */
interface Listed {
  to: string[];
  subject: string;
  messageId: string;
}

/** Where the local service lists the mail that was sent, and shows one by its id. */
const SENT = "/cdn-cgi/local/explorer/api/local/email/sending";

/** The text of the newest mail to an address with such a subject, once it was sent. */
export async function mailTo({ address }: World, email: string, subject: string): Promise<string> {
  const ask = async <T>(query: string): Promise<T> => {
    const reply = await fetch(`${address}${SENT}${query}`);
    return ((await reply.json()) as { result: T }).result;
  };
  let found: Listed | undefined;
  await eventually(`a mail to ${email}: ${subject}`, async () => {
    // The newest first.
    const listed = await ask<Listed[]>("");
    found = listed.find((mail) => mail.to.includes(email) && mail.subject.includes(subject));
    return found !== undefined;
  });
  const { text } = await ask<{ text: string }>(
    `?${new URLSearchParams({ email_id: found?.messageId ?? "" })}`,
  );
  return text;
}

/** The link in the newest mail to an address with such a subject. */
export async function linkTo(world: World, email: string, subject: string): Promise<string> {
  const [link] = /https?:\/\/\S+\/(?:reset|verify)#\S+/.exec(await mailTo(world, email, subject)) ?? [];
  if (link === undefined) throw new Error(`The mail to ${email} has no link`);
  return link;
}
