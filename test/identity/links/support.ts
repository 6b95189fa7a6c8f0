import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { app } from "../../../src/app.ts";
import {
  type Person,
  personWith,
  type Reply,
  type RequestOptions,
  requestToEnd,
  sessionCookie,
} from "../../support/api.ts";

/** A mail as the binding is given it. */
export interface SentMail {
  to: string;
  subject: string;
  text: string;
}

let addresses = 0;
let people = 0;

/** An address that was not heard of, so that nothing is counted for it. */
export const newAddress = (): string => `192.0.2.${++addresses % 255}.${addresses}`;

/** The service with a binding that keeps what is sent, and somebody who asks it from ever new addresses of the network. */
export function mailbox(overrides: Partial<Cloudflare.Env> = {}) {
  const sent: SentMail[] = [];
  const send = async (mail: SentMail) => {
    sent.push(mail);
    return { messageId: "<1@example.com>" };
  };
  const bindings = {
    EMAIL: { send } as unknown as SendEmail,
    MAIL_FROM: "captures@example.com",
    ...overrides,
  };
  const post = <T = unknown>(
    path: string,
    json?: unknown,
    { headers, ...options }: RequestOptions = {},
  ): Promise<Reply<T>> =>
    requestToEnd(bindings, "POST", `/api/auth/${path}`, {
      ...(json !== undefined && { json }),
      ...options,
      headers: { "cf-connecting-ip": newAddress(), ...headers },
    });
  return {
    sent,
    post,
    /** Answers a request, and sends the mail that comes of it. */
    async fetch(asked: Request): Promise<Response> {
      const ctx = createExecutionContext();
      const reply = await app.fetch(asked, { ...env, ...bindings }, ctx);
      await waitOnExecutionContext(ctx);
      return reply;
    },
    /** What was sent to an address, the last one last. */
    to: (email: string) => sent.filter((mail) => mail.to === email),
    /** The token of the last link that was mailed to an address. */
    token: (email: string): string => {
      const mail = sent.findLast((one) => one.to === email && /\/(reset|verify)#/.test(one.text));
      const [, token] = /\/(?:reset|verify)#(\S+)/.exec(mail?.text ?? "") ?? [];
      if (token === undefined) throw new Error(`No link was mailed to ${email}`);
      return token;
    },
    /** Signs somebody up. */
    signUp: async (
      email = `person-${++people}@mail.example`,
      password = "a long password",
    ): Promise<Person> => {
      const reply = await post<{ user: { id: string } }>("sign-up/email", {
        name: "Person",
        email,
        password,
      });
      if (reply.status !== 200) throw new Error(`Sign-up answered ${reply.status}`);
      return personWith(reply.body.user.id, email, { cookie: sessionCookie(reply) });
    },
    /** Whether a password is an account's. */
    signsIn: async (email: string, password: string): Promise<boolean> =>
      (await post("sign-in/email", { email, password })).status === 200,
  };
}

/** Lets all links be over. */
export const expireLinks = (): Promise<unknown> =>
  env.DB.prepare("update email_links set expires_at = 1").run();

/** Whether an account's address is proven, as the database has it. */
export const isVerified = async ({ id }: Pick<Person, "id">): Promise<boolean> =>
  (await env.DB.prepare("select email_verified from user where id = ?").bind(id).first("email_verified")) ===
  1;

/** Has an account's address proven. */
export const verify = ({ id }: Pick<Person, "id">): Promise<unknown> =>
  env.DB.prepare("update user set email_verified = 1 where id = ?").bind(id).run();
