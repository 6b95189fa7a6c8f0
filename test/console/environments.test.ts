import { expect, it } from "vitest";
import { environmentNames, viewsOnly } from "../../src/console/lib/environments.ts";

const environment = (id: number, name: string, instance = "shop", region = "eu-central-1") => ({
  id,
  name,
  instance,
  region,
});

it("an environment is called by its name, unless another has the same", () => {
  const names = environmentNames([
    environment(1, "production"),
    environment(2, "production", "billing"),
    environment(3, "staging"),
    environment(4, "test"),
    environment(5, "test"),
  ]);
  expect([...names.values()]).toEqual([
    "production (shop, eu-central-1)",
    "production (billing, eu-central-1)",
    "staging",
    "test (shop, eu-central-1, number 4)",
    "test (shop, eu-central-1, number 5)",
  ]);
});

it("somebody who is a viewer of each environment only looks, but not who has none yet", () => {
  expect(viewsOnly([{ role: "viewer" }, { role: "viewer" }])).toBe(true);
  expect(viewsOnly([{ role: "viewer" }, { role: "member" }])).toBe(false);
  expect(viewsOnly([])).toBe(false);
});
