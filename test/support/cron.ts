import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import worker from "../../src/index.ts";

/** Runs a cron trigger as the platform does. Returns the one line that it logs with an event. */
export async function cronLine(expression: string, event: string): Promise<Record<string, unknown>> {
  const info = vi.spyOn(console, "info");
  await worker.scheduled(createScheduledController({ cron: expression }), env);
  const lines = info.mock.calls.map(([line]) => JSON.parse(line as string) as Record<string, unknown>);
  info.mockRestore();
  const found = lines.filter((line) => line.event === event);
  expect(found).toHaveLength(1);
  return found[0] as Record<string, unknown>;
}

/** What runs every minute, and its counts. */
export const everyMinute = () => cronLine("* * * * *", "cleanup.overdue");
/** What runs every day, and its counts. */
export const daily = () => cronLine("17 3 * * *", "cleanup.purged");
