import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Mail, mailerOf } from "../../src/mail/mail.ts";

const MAIL: Mail = { to: "grace@example.com", subject: "A link", text: "https://captures.test/reset#secret" };
const HOOK = {
  MAIL_FROM: "Captures <captures@example.com>",
  MAIL_HOOK_URL: "https://mail.example.com/send",
  MAIL_HOOK_SECRET: "a hook's secret",
};

afterEach(() => vi.restoreAllMocks());

const mailer = (variables: Partial<Cloudflare.Env>) => mailerOf({ ...env, ...variables });

/** Sends a mail as it would be with other variables. */
async function send(variables: Partial<Cloudflare.Env>, mail: Partial<Mail> = {}): Promise<void> {
  const configured = mailer(variables);
  if (configured === null) throw new Error("No mail is configured");
  await configured.send({ ...MAIL, ...mail });
}

/** A binding that notes what it is given, or fails. */
function binding(fail?: () => never) {
  const sent: unknown[] = [];
  const send = async (message: unknown) => {
    fail?.();
    sent.push(message);
    return { messageId: "<1@example.com>" };
  };
  return { sent, EMAIL: { send } as SendEmail };
}

/** A hook that answers so, and notes what it is asked. */
function hook(answer: () => Response | Promise<Response>) {
  const asked: { url: string; init: RequestInit }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    asked.push({ url: String(url), init: init as RequestInit });
    return answer();
  });
  return asked;
}

test("no mail is sent where it has no sender", () => {
  expect(mailer({ MAIL_FROM: "" })).toBeNull();
  expect(mailer({ ...HOOK, MAIL_FROM: "" })).toBeNull();
});

test("the emulated binding takes a mail", async () => {
  await expect(send({})).resolves.toBeUndefined();
});

describe("by the binding", () => {
  test("a mail has its sender, receiver, subject and text", async () => {
    const { sent, EMAIL } = binding();
    await send({ EMAIL, MAIL_FROM: "The Team <team@example.com>" });
    await send({ EMAIL, MAIL_FROM: "team@example.com" });
    const { to, subject, text } = MAIL;
    expect(sent).toEqual([
      { from: { name: "The Team", email: "team@example.com" }, to, subject, text },
      { from: { name: "Captures", email: "team@example.com" }, to, subject, text },
    ]);
  });

  test.each([
    [
      "its code",
      Object.assign(new Error("no grace@example.com"), { code: "E_SENDER_NOT_VERIFIED" }),
      "E_SENDER_NOT_VERIFIED",
    ],
    ["no word of the address", new Error("email to grace@example.com not allowed"), "it gave no code"],
    [
      "no word of a strange code",
      Object.assign(new Error(), { code: "grace@example.com" }),
      "it gave no code",
    ],
  ])("a failure says %s", async (_, error, why) => {
    const { EMAIL } = binding(() => {
      throw error;
    });
    await expect(send({ EMAIL })).rejects.toThrow(`The e-mail binding did not take a mail: ${why}`);
  });

  test("a sender without the binding is a mistake that is said", () => {
    const { EMAIL: _, ...without } = env;
    expect(() => mailerOf(without)).toThrow("neither the binding EMAIL nor MAIL_HOOK_URL");
  });
});

describe("by a hook", () => {
  test("a mail is posted as JSON, with the secret and an id of its own", async () => {
    const asked = hook(() => new Response("{}"));
    await send(HOOK);
    await send(HOOK);
    await send(HOOK, { id: "mail-1" });
    const { to, subject, text } = MAIL;
    const ids = asked.map(({ url, init }) => {
      expect(url).toBe(HOOK.MAIL_HOOK_URL);
      expect(init).toMatchObject({ method: "POST", redirect: "manual" });
      expect(JSON.parse(String(init.body))).toEqual({ from: HOOK.MAIL_FROM, to, subject, text });
      const headers = new Headers(init.headers);
      expect(headers.get("content-type")).toBe("application/json");
      expect(headers.get("authorization")).toBe(`Bearer ${HOOK.MAIL_HOOK_SECRET}`);
      return headers.get("idempotency-key");
    });
    expect(new Set(ids).size).toBe(3);
    expect(ids[2]).toBe("mail-1");
  });

  test.each([
    ["an error", () => new Response("grace@example.com is unknown", { status: 422 }), "answered 422"],
    [
      "a redirect, which is not followed",
      () => new Response(null, { status: 307, headers: { location: "https://elsewhere.example.com" } }),
      "answered 307",
    ],
    [
      "no answer",
      () => Promise.reject(new Error("grace@example.com")),
      "could not be reached, or took too long",
    ],
  ])("%s is a failure without a word of the mail", async (_, answer, why) => {
    const asked = hook(answer);
    const failure = await send(HOOK).catch((error: Error) => error);
    expect(String(failure)).toBe(`MailFailure: The mail hook ${why}`);
    expect(asked).toHaveLength(1);
  });

  test("its answer is not read, however long it is", async () => {
    let isCancelled = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024)),
      cancel: () => {
        isCancelled = true;
      },
    });
    hook(() => new Response(endless));
    await send(HOOK);
    expect(isCancelled).toBe(true);
  });

  test.each([
    "http://mail.example.com/send",
    "https://user:secret@mail.example.com/send",
    "mail.example.com",
    "file:///etc/passwd",
  ])("is not at %s", (MAIL_HOOK_URL) => {
    expect(() => mailer({ ...HOOK, MAIL_HOOK_URL })).toThrow(
      /^The variable MAIL_HOOK_URL must be an https address without a user$/,
    );
  });

  test("needs a secret", () => {
    expect(() => mailer({ ...HOOK, MAIL_HOOK_SECRET: "" })).toThrow("MAIL_HOOK_SECRET is not");
  });
});

test.each(["", "no address", "a@b@c", "Captures <a@example.com", "a@example.com, b@example.com"])(
  "mail is not from %j",
  (MAIL_FROM) => {
    if (MAIL_FROM === "") return expect(mailer({ MAIL_FROM })).toBeNull();
    expect(() => mailer({ MAIL_FROM })).toThrow("MAIL_FROM must be an e-mail address");
  },
);

test.each(["a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "<a@example.com>", ""])(
  "no mail is sent to %j",
  async (to) => {
    const { sent, EMAIL } = binding();
    await expect(send({ EMAIL }, { to })).rejects.toThrow("The address of a mail is not one");
    expect(sent).toEqual([]);
  },
);

test("a subject is one line of bounded length", async () => {
  const { sent, EMAIL } = binding();
  await send({ EMAIL }, { subject: `An environment\r\nBcc: eve@example.com ${"x".repeat(300)}` });
  const [{ subject }] = sent as [{ subject: string }];
  expect(subject).toMatch(/^An environment Bcc: eve@example.com x+/);
  expect(subject.length).toBeLessThanOrEqual(200);
});
