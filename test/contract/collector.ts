import { globSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { relative } from "node:path";
import { text } from "node:stream/consumers";
import { operationsOf } from "./operations.ts";

/** What one test file has provoked: `operation status`, and for a refusal the name of its example. */
interface Report {
  file: string;
  provoked: string[];
}

/** Collects which of the described replies the tests provoke. */
export interface Collector {
  url: string;
  close(): void;
  /**
   * What is described and was never provoked.
   * @returns null unless every test file has reported
   */
  missing(): string[] | null;
}

/** Starts a collector, which test files report to. */
export async function startCollector(): Promise<Collector> {
  const files = new Set<string>();
  const provoked = new Set<string>();
  const server = createServer(async (request, response) => {
    const report = JSON.parse(await text(request)) as Report;
    files.add(relative(".", report.file));
    for (const name of report.provoked) provoked.add(name);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
    missing: () => {
      const all = globSync("test/**/*.test.ts");
      return all.every((file) => files.has(file)) ? described().filter((name) => !provoked.has(name)) : null;
    },
  };
}

interface DescribedOperation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { examples?: Record<string, unknown> }> }>;
}

/** All that is described: each operation's replies, and each of its refusals by name. */
function described(): string[] {
  const description = JSON.parse(readFileSync("src/openapi/openapi.json", "utf8"));
  return operationsOf<DescribedOperation>(description).flatMap(({ operation: { operationId, responses } }) =>
    Object.entries(responses)
      .filter(([status]) => /^\d+$/.test(status))
      .flatMap(([status, { content = {} }]) => {
        const examples = Object.keys(content["application/json"]?.examples ?? {});
        const reply = `${operationId} ${status}`;
        return examples.length === 0 ? reply : examples.map((example) => `${reply} ${example}`);
      }),
  );
}
