import { describe, expect, it } from "vitest";
import type { Workload, WorkloadAmazon, WorkloadDigest } from "../../src/workload/replies.ts";
import { createCapture } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { slowEntry } from "../support/slow-entry.ts";
import { nextMoment, runAlarm, until } from "../support/time.ts";

/* What Amazon's own users run while a capture records, from the logs to the replies. */

const cast = castForEachTest();
quietLogOf(cast);

describe("a capture of an instance behind RDS Proxy", () => {
  it.each(["general", "slow"])(
    "has nothing of its health checks in the %s log, but their number",
    async (log) => {
      const capture = await createCapture(cast.owner, {
        envId: cast.environment.id,
        log,
        minDuration: log === "slow" ? 1 : undefined,
      });
      await until(cast.owner, capture, "RUNNING");
      await nextMoment();
      const { aws } = cast;
      if (log === "general") {
        await aws.appendLog(aws.instance, [
          { threadId: 70, command: "Connect", statement: "rdsproxyadmin@10.0.0.9 on  using SSL/TLS" },
          { threadId: 70, command: "Query", statement: "SELECT 1" },
          { threadId: 71, command: "Connect", statement: "app@10.0.0.9 on shop using SSL/TLS" },
          { threadId: 71, command: "Query", statement: "SELECT 'a customer'" },
          { threadId: 70, command: "Query", statement: "SELECT 1" },
          { threadId: 70, command: "Quit", statement: "" },
        ]);
      } else {
        const users = ["rdsproxyadmin", "app", "rdsproxyadmin"];
        const text = users.map((user) =>
          slowEntry(user === "app" ? "SELECT 'a customer'" : "SELECT 1", { user, micros: 500_000 }),
        );
        await aws.appendLog(aws.instance, text.join(""), { log: "slow" });
      }
      await runAlarm(capture);
      const read = async <T>(part: string) =>
        (await cast.member.get<T>(`/api/captures/${capture.id}/workload${part}`)).body;
      const leftOut = { total: 2, users: [{ user: "rdsproxyadmin", statements: 2 }] };
      await nextMoment();
      await cast.owner.post(`/api/captures/${capture.id}/stop`);
      await until(cast.owner, capture, "DONE");
      expect(await read<Workload>("")).toMatchObject({ statements: 1, leftOut });
      const digests = await read<WorkloadDigest[]>("/digest");
      expect(digests.map(({ count, examples }) => [count, examples[0]?.user])).toEqual([[1, "app"]]);
      expect(await read<WorkloadAmazon>("/amazon")).toMatchObject({
        ...leftOut,
        statements: [{ user: "rdsproxyadmin", digest: "SELECT ?", count: 2 }],
        others: 0,
      });
    },
  );
});
