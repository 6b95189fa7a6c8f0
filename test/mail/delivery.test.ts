import { afterEach, expect, test, vi } from "vitest";
import { deliver } from "../../src/mail/delivery.ts";
import { type Mail, type Mailer, MailFailure } from "../../src/mail/mail.ts";
import { linesOf } from "../support/api.ts";

const MAIL: Mail = { to: "grace@example.com", subject: "A link", text: "https://captures.test/reset#secret" };

afterEach(() => vi.restoreAllMocks());

/** A mailer that fails so many times, and notes what it is given. */
function failing(times: number) {
  const tried: Mail[] = [];
  const mailer: Mailer = {
    async send(mail) {
      tried.push(mail);
      if (tried.length <= times) throw new MailFailure("The mail hook answered 503");
    },
  };
  return { mailer, tried };
}

/** Delivers a mail without waiting for the pauses between attempts, and says what was logged and how long they were. */
async function delivered(mailer: Mailer) {
  const wait = vi.spyOn(scheduler, "wait").mockResolvedValue();
  const lines = await linesOf(() => deliver(mailer, "reset-link", MAIL));
  expect(JSON.stringify(lines)).not.toMatch(/grace@|reset#/);
  const pauses = wait.mock.calls.map(([milliseconds]) => milliseconds);
  return { pauses, lines: lines.map(({ event, attempt, kind }) => ({ event, attempt, kind })) };
}

test("a mail that is taken is sent once", async () => {
  const { mailer, tried } = failing(0);
  const { lines } = await delivered(mailer);
  expect(lines).toEqual([{ event: "mail.sent", attempt: 1, kind: "reset-link" }]);
  expect(tried).toHaveLength(1);
});

test("a mail that fails is tried again, by the same id", async () => {
  const { mailer, tried } = failing(2);
  const { lines } = await delivered(mailer);
  expect(lines.map(({ event }) => event)).toEqual(["mail.repeated", "mail.repeated", "mail.sent"]);
  expect(new Set(tried.map(({ id }) => id)).size).toBe(1);
  expect(tried[0]).toMatchObject(MAIL);
});

test("a mail that goes on failing is given up within the half minute that a Worker has", async () => {
  const { mailer, tried } = failing(99);
  const { lines, pauses } = await delivered(mailer);
  expect(lines.at(-1)).toEqual({ event: "mail.failed", attempt: 3, kind: "reset-link" });
  expect(tried).toHaveLength(3);
  expect(pauses).toHaveLength(2);
  expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(10_000);
});
