import { describe, expect, test } from "vitest";
import { createAccountClient } from "../../src/client/account.ts";
import { createClient } from "../../src/client/index.ts";
import { ENGINES } from "../../src/environments/engines.ts";
import { ALL_METRICS, METRICS } from "../../src/metrics/cloudwatch-metrics.ts";
import { operations } from "../support/contract.ts";
import { declarations, page } from "./repository.ts";

describe("docs/api.md", () => {
  const text = page("docs/api.md");

  test("lists every endpoint", () => {
    const missing = operations.filter(({ method, path }) => {
      const [, account] = /^\/api\/auth\/(?:api-key\/)?(.*)$/.exec(path) ?? [];
      if (account !== undefined) return !text.includes(`\`${account}\``);
      const rows = text.split("\n").filter((line) => line.includes(`${path}\``));
      return !rows.some((row) => row.includes(method));
    });
    expect(missing).toEqual([]);
  });

  test("explains every status that the API refuses with", () => {
    const statuses = new Set(operations.flatMap(({ operation }) => Object.keys(operation.responses)));
    const missing = [...statuses].filter(
      (status) => /^[45]\d\d$/.test(status) && !new RegExp(`^\\| (?:\\d+, )*${status}\\b`, "m").test(text),
    );
    expect(missing).toEqual([]);
  });
});

test("docs/client.md lists every call of the client", () => {
  const options = { baseUrl: "https://captures.example.com" };
  const { health, ...groups } = createClient(options);
  const row = (name: string) =>
    page("docs/client.md")
      .split("\n")
      .find((line) => line.startsWith(`| \`${name}\` |`));
  const listed = (name: string) => [...(row(name) ?? "").matchAll(/`(\w+)`/g)].map(([, call]) => call).sort();
  for (const [group, calls] of Object.entries(groups)) {
    expect(listed(group)).toEqual([group, ...Object.keys(calls)].sort());
  }
  expect(row(`${health.name}()`)).toBeDefined();
  expect(listed("createAccountClient()")).toEqual(Object.keys(createAccountClient(options)).sort());
});

test("docs/studying-a-workload.md lists every metric", () => {
  const words = page("docs/studying-a-workload.md").replace(/\s+/g, " ");
  expect(ALL_METRICS.filter(({ type }) => !words.includes(type))).toEqual([]);
  expect(METRICS).toHaveLength(16);
});

test("docs/engines.md says of every engine which versions work, and how long RDS keeps its log", () => {
  const rows = page("docs/engines.md").split("\n");
  for (const { label, versions, logsKept } of Object.values(ENGINES)) {
    expect(rows).toContain(`| ${label} | ${versions} | ${logsKept} |`);
  }
});

test("docs/configuration.md has the default of every variable", () => {
  const rows = page("docs/configuration.md").split("\n");
  const values = [...(declarations["wrangler.toml"] ?? "").matchAll(/^([A-Z][A-Z0-9_]*) = "(.+)"$/gm)];
  expect(values.length).toBeGreaterThan(10);
  const wrong = values.filter(
    ([, name, value]) => !rows.some((row) => row.includes(`\`${name}\``) && row.includes(value as string)),
  );
  expect(wrong.map(([line]) => line)).toEqual([]);
});
