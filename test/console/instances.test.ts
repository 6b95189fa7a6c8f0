import { expect, it } from "vitest";
import type { ListedInstance } from "../../src/client/types.ts";
import { engineName, foundInWords, offered } from "../../src/console/lib/instances.ts";

const listed = (instance: string, changes: Partial<ListedInstance> = {}): ListedInstance => ({
  instance,
  engine: "mysql",
  engineVersion: "8.4.3",
  status: "available",
  cluster: null,
  role: null,
  parameterGroup: `${instance}-params`,
  capturable: true,
  why: null,
  ...changes,
});
const names = (instances: ListedInstance[]) => instances.map(({ instance }) => instance);

it("members of a cluster stand together, the writer first, and what can't be captured apart", () => {
  const { capturable, others } = offered(
    [
      listed("zoo"),
      listed("one", { cluster: "shop", role: "reader" }),
      listed("two", { cluster: "shop", role: "writer" }),
      listed("warehouse", { engine: "postgres", capturable: false, why: "PostgreSQL" }),
      listed("billing"),
    ],
    "",
  );
  expect(names(capturable)).toEqual(["billing", "two", "one", "zoo"]);
  expect(names(others)).toEqual(["warehouse"]);
});

it("an instance is found by a part of its name, its cluster's or its group's, in any case", () => {
  const instances = [listed("zoo"), listed("one", { cluster: "shop" }), listed("two")];
  expect(names(offered(instances, " SHOP ").capturable)).toEqual(["one"]);
  expect(names(offered(instances, "two-par").capturable)).toEqual(["two"]);
  expect(names(offered(instances, "nothing").capturable)).toEqual([]);
});

it("an engine is called as people call it, and one that is not known as AWS does", () => {
  expect(engineName("mariadb", "11.8.2")).toBe("MariaDB 11.8.2");
  expect(engineName("postgres", "16.4")).toBe("postgres 16.4");
});

it("how many there are is said in words", () => {
  expect([0, 1, 13].map(foundInWords)).toEqual(["No instances", "1 instance", "13 instances"]);
});
