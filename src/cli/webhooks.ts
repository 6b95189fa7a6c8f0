import type { Client, Member, Webhook } from "../client/index.ts";
import { EXIT, Failure } from "./failure.ts";
import { type Finding, findEnvironment, isId } from "./finding.ts";

/** How a command says which webhook. */
export const WEBHOOK_WORDS = "its id, or its name";

/** Where to look for webhooks. */
export interface FindingWebhooks extends Finding {
  client: Pick<Client, "captures" | "environments" | "webhooks" | "members">;
}

/** Webhooks, and the names of their environments by their ids. */
export interface Found {
  webhooks: Webhook[];
  names: Map<number, string>;
}

/**
 * The webhooks that one may see, of an environment or of all.
 * @param env the environment's name or id
 */
export async function allWebhooks(service: FindingWebhooks, env: string | undefined): Promise<Found> {
  const { client, signal } = service;
  const environments =
    env === undefined ? await client.environments.list({ signal }) : [await findEnvironment(service, env)];
  const lists = await Promise.all(environments.map(({ id }) => client.webhooks.list(id, { signal })));
  return { webhooks: lists.flat(), names: new Map(environments.map(({ id, name }) => [id, name])) };
}

/**
 * The webhook that is meant: by its id, else by its name; and the name of its environment.
 * @throws Failure when there is none, or several of one name
 */
export async function findWebhook(
  service: FindingWebhooks,
  text: string,
  env: string | undefined,
): Promise<{ webhook: Webhook; environment: string }> {
  const { webhooks, names } = await allWebhooks(service, env);
  const byId = isId(text) ? webhooks.filter(({ id }) => id === Number(text)) : [];
  const found = byId.length > 0 ? byId : webhooks.filter(({ name }) => name === text);
  const [webhook, second] = found;
  if (webhook === undefined) throw new Failure(`There is no webhook "${text}"`);
  if (second !== undefined) {
    const ids = found.map(({ id }) => id).join(" and ");
    throw new Failure(`Several webhooks have the name "${text}": say which by its id, ${ids}`, EXIT.usage);
  }
  return { webhook, environment: names.get(webhook.envId) ?? String(webhook.envId) };
}

/**
 * The member who is meant: by e-mail address, id, or name.
 * @throws Failure when there is none, or several of one name
 */
export async function findMember(
  { client, signal }: FindingWebhooks,
  envId: number,
  text: string,
): Promise<Member> {
  const members = await client.members.list(envId, { signal });
  const one = members.find(({ userId, email }) => userId === text || email === text.toLowerCase());
  const [found, second] = one === undefined ? members.filter(({ name }) => name === text) : [one];
  if (found === undefined) throw new Failure(`The environment has no member "${text}"`);
  if (second !== undefined)
    throw new Failure(`Several members have the name "${text}": say which by e-mail address`, EXIT.usage);
  return found;
}
