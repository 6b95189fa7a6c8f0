import { Webhook as Verifier } from "standardwebhooks";
import { check } from "../../../scripts/lib/checks.ts";
import { startReceiver } from "../../../scripts/lib/webhook-receiver.ts";
import type { Webhook, WebhookDelivery, WebhookWithSecret } from "../../../src/client/index.ts";
import { captures, expectThat, until, type World } from "./world.ts";

/** `captures webhook`, with a receiver on this machine. */
export async function checkWebhooks(world: World): Promise<void> {
  const { address, received, answers, close } = await startReceiver();
  const run = (...args: string[]) => captures(world, ["webhook", ...args]);
  const add = (...more: string[]) => run("add", "--env", "demo", ...more);
  try {
    await check("webhook add makes one that is signed, and prints its secret once", async () => {
      const made = await add("--name", "ci", "--address", address, "--events", "capture.done,capture.failed");
      expectThat(made.code === 0, made.err);
      expectThat(
        /^Webhook \d+ "ci": active\n.*\/environments\/\d+\/webhooks\nSecret: whsec_\S+\n$/.test(made.out),
        made.out,
      );
      expectThat(/not shown again/.test(made.err), made.err);
      const { out } = await run("show", "ci");
      expectThat(!out.includes("whsec_") && /^Events\tcapture\.done, capture\.failed$/m.test(out), out);
      expectThat(/^To\thttp:\/\/127\.0\.0\.1:\d+\/…$/m.test(out), out);
    });

    await check("webhook add takes Slack's address from standard input", async () => {
      const args = [
        "webhook",
        "add",
        "--env",
        "demo",
        "--name",
        "channel",
        "--kind",
        "slack",
        "--address",
        "-",
      ];
      const input = "https://hooks.slack.com/services/T000/B000/secretpart\n";
      const { code, out, err } = await captures(world, [...args, "--json"], { input });
      expectThat(code === 0, err);
      const made = JSON.parse(out) as WebhookWithSecret;
      expectThat(made.secret === null && made.address === "https://hooks.slack.com/…", out);
      expectThat(made.events.length === 6, out);
    });

    await check("webhook add without an address, for nobody, or for unknown events is refused", async () => {
      const none = await add("--name", "x");
      expectThat(none.code === 2 && /Give --address/.test(none.err), none.err);
      const mail = await add("--name", "x", "--kind", "email");
      expectThat(mail.code === 2 && /needs --recipient/.test(mail.err), mail.err);
      const nobody = await add("--name", "x", "--kind", "email", "--recipient", "nobody@example.com");
      expectThat(nobody.code === 1 && /no member "nobody@example.com"/.test(nobody.err), nobody.err);
      const events = await add("--name", "x", "--address", address, "--events", "capture.lost");
      expectThat(events.code === 2 && /They are capture\.started/.test(events.err), events.err);
      const elsewhere = await add("--name", "x", "--address", "ftp://example.com/");
      expectThat(elsewhere.code === 1 && /address: must begin with https/.test(elsewhere.err), elsewhere.err);
    });

    await check("webhook list prints them with a tab between the columns", async () => {
      const { out } = await run("list");
      const [titles, ...rows] = out.trimEnd().split("\n");
      expectThat(titles === "ID\tNAME\tKIND\tSTATE\tENVIRONMENT\tTO\tEVENTS", out);
      expectThat(rows.length === 2 && /^\d+\tci\tstandard\tactive\tdemo\t/.test(rows[0] ?? ""), out);
      const json = JSON.parse((await run("list", "-e", "demo", "--json")).out) as Webhook[];
      expectThat(json.map(({ name }) => name).join() === "ci,channel", JSON.stringify(json));
      expectThat((await run("list", "-e", "shop", "--json")).out === "[]\n", "Another environment has some");
    });

    await check("webhook test says what came of it, and fails when it has not arrived", async () => {
      const sent = await run("test", "ci");
      expectThat(sent.code === 0 && /^delivered: answered 204 after \d+ ms\n$/.test(sent.out), sent.out);
      answers.push(500);
      const failed = await run("test", "ci");
      expectThat(failed.code === 1 && failed.out.startsWith("dead: It answered 500 after "), failed.out);
    });

    await check("webhook show lists the last deliveries, and redeliver sends one again", async () => {
      const { out } = await run("show", "ci", "-n", "1");
      expectThat(
        /\nDELIVERY\tTIME\tEVENT\t.*\n\d+\t\S+ \S+\twebhook\.test\t-\tdead\t1\t-\tIt answered 500\n$/.test(
          out,
        ),
        out,
      );
      const shown = JSON.parse((await run("show", "ci", "--json")).out) as { deliveries: WebhookDelivery[] };
      const [dead] = shown.deliveries;
      expectThat(shown.deliveries.length === 2 && dead !== undefined, JSON.stringify(shown));
      const before = received.length;
      const again = await run("redeliver", "ci", String(dead.id));
      expectThat(
        again.code === 0 && again.out === `Delivery ${dead.id} (webhook.test): pending\n`,
        again.out,
      );
      await until("it has come again", () => received.length > before);
      const wrong = await run("redeliver", "ci", "999999");
      expectThat(wrong.code === 1 && /Delivery not found/.test(wrong.err), wrong.err);
      expectThat((await run("redeliver", "ci", "last")).code === 2, "It took a word for an id");
    });

    await check("webhook rotate-secret prints another secret, which signs from then on", async () => {
      const { code, out, err } = await run("rotate-secret", "ci");
      const secret = /^Secret: (whsec_\S+)$/m.exec(out)?.[1];
      expectThat(code === 0 && secret !== undefined && /signs too until/.test(err), `${out}${err}`);
      await run("test", "ci");
      const last = received.at(-1);
      expectThat(last !== undefined, "Nothing has come");
      new Verifier(secret).verify(last.body, last.headers);
      const unsigned = await run("rotate-secret", "channel");
      expectThat(unsigned.code === 1 && /it has no secret/.test(unsigned.err), unsigned.err);
    });

    await check("webhook pause and resume switch it off and on", async () => {
      expectThat(/: paused\n$/.test((await run("pause", "ci")).out), "It is not paused");
      const paused = await run("test", "ci");
      expectThat(paused.code === 1 && /is paused/.test(paused.err), paused.err);
      const resumed = JSON.parse((await run("resume", "ci", "--json")).out) as Webhook;
      expectThat(resumed.state === "active", JSON.stringify(resumed));
    });

    await check("webhook remove deletes one, and asks before it does", async () => {
      const asked = await run("remove", "ci");
      expectThat(asked.code === 2 && /--yes/.test(asked.err), asked.err);
      for (const name of ["ci", "channel"]) {
        const { code, out, err } = await run("remove", name, "--yes");
        expectThat(code === 0 && out.startsWith("Deleted webhook"), `${out}${err}`);
      }
      const gone = await run("show", "ci");
      expectThat(gone.code === 1 && /There is no webhook "ci"/.test(gone.err), gone.err);
    });
  } finally {
    await close();
  }
}
