import type { Page } from "playwright-core";
import { control } from "../../scripts/lib/control.ts";
import { LOCAL_AWS } from "../../scripts/lib/local.ts";
import { shown, visitSignedIn, type World } from "./world.ts";

const { customer, region } = LOCAL_AWS;
/** The role of the demo account that the checks make. */
export const ROLE = "arn:aws:iam::000000000000:role/captures-console";

/** A page at the first step, and what the next ones need. */
export async function startAdding(world: World, look = {}) {
  const { context, page, send } = await visitSignedIn(world, look);
  await page.goto("/environments/new");
  await shown(page.getByRole("heading", { name: "1. Name and access" }));
  return { context, page, send };
}

/** Goes on to the next step. */
export const goOn = (page: Page) => page.getByRole("button", { name: "Continue" }).click();

/** Fills in the first step with the key of the demo account. */
export async function giveKey(
  page: Page,
  name: string,
  secretAccessKey = customer.secretAccessKey,
): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("An access key").check();
  await page.getByLabel("Access key id").fill(customer.accessKeyId);
  await page.getByLabel("Secret access key").fill(secretAccessKey);
  await goOn(page);
}

/** Adds an environment by a key, through the page, and stays on its page. @returns its id */
export async function addByKey(page: Page, name: string, instance: string): Promise<number> {
  await page.goto("/environments/new");
  await giveKey(page, name);
  await page.getByLabel("AWS region").selectOption(region);
  await page.getByLabel(instance).check();
  await goOn(page);
  await page.getByRole("button", { name: "Check and add it" }).click();
  await shown(page.getByRole("heading", { name, level: 1 }));
  return idOf(page);
}

/** The id of the environment whose page is shown. */
export const idOf = (page: Page): number => Number(new URL(page.url()).pathname.split("/").at(-1));

/** Sets what the demo account's policies refuse. */
export const deny = (world: World, actions: unknown[]) =>
  control(world.awsAddress, "PUT", "policy", { accessKeyId: customer.accessKeyId, deny: actions });
