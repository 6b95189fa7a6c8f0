/// <reference types="vite/types/importMeta.d.ts" />
import { describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { listSchema } from "../../src/captures/schema.ts";
import { metricsQuerySchema } from "../../src/metrics/schema.ts";
import { compareQuerySchema } from "../../src/workload/compare/schema.ts";
import { reportQuerySchema } from "../../src/workload/report/schema.ts";
import { digestQuerySchema, downloadQuerySchema } from "../../src/workload/schema.ts";
import { operations } from "../support/contract.ts";

const sources = import.meta.glob<string>("/src/**/*.ts", { query: "?raw", import: "default", eager: true });

describe("the API's description", () => {
  test("has every operation that the Worker has, and no other", () => {
    const routes = new Set(
      app.routes
        .filter(({ method }) => method !== "ALL")
        .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}").replace(/(.)\/$/, "$1")}`),
    );
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...routes].sort());
  });

  test.each([
    ["listCaptures", listSchema()],
    ["getCaptureMetrics", metricsQuerySchema()],
    ["getWorkloadDigest", digestQuerySchema()],
    ["downloadWorkload", downloadQuerySchema()],
    ["compareWorkloads", compareQuerySchema()],
    ["reportWorkload", reportQuerySchema()],
  ])("has every parameter in the query of %s, and no other", (id, schema) => {
    const described = operations.find(({ operation }) => operation.operationId === id)?.operation.parameters;
    const names = described?.filter((parameter) => parameter.in === "query").map(({ name }) => name);
    expect(names?.sort()).toEqual(Object.keys(schema.shape).sort());
  });

  test("is not part of the Worker, nor are the schemas of replies: others import only types", () => {
    const isDescription = (path: string) => /\/openapi\/|\/replies\.ts$|\/reply-fields\.ts$/.test(path);
    const others = Object.entries(sources).filter(([path]) => !isDescription(path));
    expect(others.length).toBeGreaterThan(50);
    for (const [path, source] of others) {
      const values = [...source.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?\sfrom\s"([^"]+)"/gm)];
      expect(
        values.filter(([, from = ""]) => isDescription(from)),
        path,
      ).toEqual([]);
    }
  });
});
