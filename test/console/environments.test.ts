import { expect, it } from "vitest";
import { environmentNames } from "../../src/console/lib/environments.ts";

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
