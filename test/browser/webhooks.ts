import { Webhook as Verifier } from "standardwebhooks";
import { check } from "../../scripts/lib/checks.ts";
import { startReceiver } from "../../scripts/lib/webhook-receiver.ts";
import type { Capture } from "../../src/client/index.ts";
import {
  eventually,
  expectAccessible,
  expectNoWider,
  expectThat,
  shown,
  visitSignedIn,
  type World,
} from "./world.ts";

/** Webhooks: made, tested, told of a capture by a receiver that fails twice, paused and deleted. */
export async function checkWebhooks(world: World): Promise<void> {
  const { context, page, send } = await visitSignedIn(world);
  const receiver = await startReceiver();
  let secret = "";
  const events = () =>
    receiver.received.map(({ headers, body }) => {
      new Verifier(secret).verify(body, headers);
      const { type, data } = JSON.parse(body) as { type: string; data: { sequence: number; url: string } };
      return { id: headers["webhook-id"], type, ...data };
    });

  await check("what the service refuses of a webhook is said at its field", async () => {
    await page.goto("/environments/1");
    await page.getByRole("link", { name: "Webhooks" }).click();
    await shown(page.getByRole("heading", { name: "Webhooks", level: 1 }));
    await page.getByLabel("Name", { exact: true }).fill("console receiver");
    await page.getByLabel("Address", { exact: true }).fill("https://10.0.0.1/");
    await page.getByRole("button", { name: "Make the webhook" }).click();
    await shown(page.locator(".field-error").filter({ hasText: "must be on the public Internet" }));
    await expectAccessible(page);
  });

  await check("a webhook is made, and its secret is shown once", async () => {
    await page.getByLabel("Address", { exact: true }).fill(receiver.address);
    await page.getByText("A capture has started").click();
    await page.getByText("A capture is done").click();
    await page.getByRole("button", { name: "Make the webhook" }).click();
    secret = await page.getByLabel("The secret of console receiver").inputValue();
    expectThat(secret.startsWith("whsec_"), secret);
    await shown(page.getByRole("heading", { name: "console receiver", level: 2 }));
    await page.reload();
    await shown(page.getByRole("heading", { name: "console receiver", level: 2 }));
    expectThat((await page.getByLabel("The secret of console receiver").count()) === 0, "It is shown again");
  });

  await check("the test button says what came of a test", async () => {
    receiver.answers.push(500);
    await page.getByRole("button", { name: "Send a test to console receiver" }).click();
    await shown(page.getByText("The test of console receiver: Given up: It answered 500"));
    await page.getByRole("button", { name: "Last deliveries of console receiver" }).click();
    await shown(page.getByRole("cell", { name: /Given up: It answered 500/ }));
    await page.getByRole("button", { name: "Send a test to console receiver" }).click();
    await shown(page.getByRole("cell", { name: /Delivered at attempt 1/ }));
    await expectAccessible(page);
  });

  await check("a receiver that fails twice gets each event of a capture, signed and in order", async () => {
    receiver.received.length = 0;
    receiver.answers.push(503, 500);
    const { id } = await send<Capture>("POST", "/api/captures", { name: "told", envId: 1, duration: 60 });
    await eventually(
      () => `the start is told: ${JSON.stringify(events())}`,
      async () => events().length >= 3,
      120_000,
    );
    await send("POST", `/api/captures/${id}/stop`);
    await eventually(
      "the end is told",
      async () => events().some(({ type }) => type === "capture.done"),
      90_000,
    );
    const told = events();
    expectThat(
      told.map(({ type, sequence }) => `${type} ${sequence}`).join() ===
        [...Array(3).fill("capture.started 1"), "capture.done 2"].join(),
      JSON.stringify(told),
    );
    expectThat(new Set(told.slice(0, 3).map((event) => event.id)).size === 1, "An attempt has another id");
    expectThat(told[0]?.url === `${world.address}/captures/${id}`, `${told[0]?.url}`);
    await shown(page.getByRole("cell", { name: /Delivered at attempt 3/ }));
  });

  await check("a delivery is sent again, under the same id", async () => {
    const [first] = events();
    await page.getByRole("button", { name: /^Send again: A capture has started/ }).click();
    await eventually("it is sent again", async () => events().length === 5);
    expectThat(events()[4]?.id === first?.id, "It has another id");
  });

  await check("a webhook is given another secret, paused and resumed", async () => {
    await page.getByRole("button", { name: "New secret of console receiver" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Make a new one" }).click();
    const rotated = await page.getByLabel("The secret of console receiver").inputValue();
    expectThat(rotated.startsWith("whsec_") && rotated !== secret, rotated);
    await page.getByRole("button", { name: "Pause console receiver" }).click();
    await shown(page.locator(".status").filter({ hasText: "Paused" }));
    await page.getByRole("button", { name: "Resume console receiver" }).click();
    await shown(page.locator(".status").filter({ hasText: "Active" }));
  });

  await check("the page of webhooks fits a small screen, also in dark colours", async () => {
    const small = await visitSignedIn(world, { width: 320, colours: "dark" });
    await small.page.goto("/environments/1/webhooks");
    await small.page.getByRole("button", { name: "Last deliveries of console receiver" }).click();
    await shown(small.page.getByRole("cell", { name: /Delivered/ }));
    await expectNoWider(small.page, 320, "The page of webhooks");
    await expectAccessible(small.page);
    await small.context.close();
  });

  await check("a webhook is deleted after a question", async () => {
    await page.getByRole("button", { name: "Delete console receiver" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await shown(page.getByText("There are none."));
  });
  await receiver.close();
  await context.close();
}
