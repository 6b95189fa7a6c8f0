import { describe, expect, it } from "vitest";
import type { GeneralFollowerState } from "../../../src/workload/collecting/follower-state.ts";
import { GENERATED_PASSWORD } from "../../local-aws/logs/statements.ts";
import { generatedRecords } from "../../local-aws/logs/workload.ts";
import { createAccount, type LocalAccount } from "../../local-aws/test/client.ts";
import { loggingInstance } from "../../local-aws/test/logs.ts";
import { logSource, shapesOfGenerated, shapesOfLines, TestFollower } from "../support.ts";
import { numbers } from "./followed-log.ts";

const HOUR = 3_600_000;

/** An account whose first instance logs what a test writes, and a follower of it from now on. */
async function following(window = { start: Date.now() - 60_000, end: null as number | null }) {
  const { account, instance } = await loggingInstance();
  return { account, instance, follower: await new TestFollower(logSource(account), window).begin() };
}

let thread = 100;
const write = (account: LocalAccount, ...statements: string[]) =>
  account.appendLog(
    account.instance,
    statements.map((statement) => ({ threadId: thread++, command: "Query", statement })),
  );

describe("following the log", () => {
  it("reads what is written from then on, each statement once", async () => {
    const { account, follower } = await following();
    await write(account, "SELECT 1", "SELECT 2\nFROM dual");
    await follower.catchUp();
    await follower.catchUp();
    await write(account, "SELECT 'ü 😀'", "last");
    await follower.catchUp();
    // A record is complete when the next begins: the last one is still open.
    expect(await follower.statements()).toEqual(["SELECT 1", "SELECT 2\nFROM dual", "SELECT 'ü 😀'"]);
    expect(follower.state.manifest).toMatchObject({
      records: 3,
      statements: 3,
      commands: { Query: 3 },
      gapCount: 0,
    });
  });

  it("counts as statements what its digest counts, and redacts every command that holds SQL", async () => {
    const { account } = await loggingInstance();
    const window = { start: Date.now() - 60_000, end: null };
    const follower = await new TestFollower(logSource(account), window).begin(false, "literals");
    await account.appendLog(account.instance, [
      { threadId: 8, command: "Query", statement: "PREPARE s FROM 'SELECT 17'" },
      { threadId: 8, command: "Prepare", statement: "SELECT 17, ?" },
      { threadId: 8, command: "Query", statement: "EXECUTE s USING 17" },
      { threadId: 8, command: "Execute", statement: "SELECT 17, TIMESTAMP'2026-05-28 20:26:40'" },
      { threadId: 8, command: "Query", statement: "/* 17 */" },
      { threadId: 8, command: "Query", statement: "" },
      { threadId: 8, command: "Quit", statement: "" },
      { threadId: 9, command: "Query", statement: "last" },
    ]);
    await follower.catchUp();
    const { manifest } = follower.state;
    expect((await follower.statements()).join("\n")).not.toContain("17");
    expect(manifest).toMatchObject({ records: 7, statements: 2, digestVersion: 2 });
    expect(follower.digests.total).toBe(2);
    expect(
      follower.digests
        .top(9)
        .map(({ digest }) => digest)
        .sort(),
    ).toEqual(["PREPARE s FROM ?", "SELECT ?+"]);
  });

  it("continues in the renamed file when the hour changes, and then in the new one", async () => {
    const { account, instance, follower } = await following();
    await write(account, ...numbers(0, 10));
    await follower.step();
    await write(account, ...numbers(10, 20));
    await account.rotateLog(instance);
    await write(account, ...numbers(20, 30), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 30));
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("catches up over several hours that it missed", async () => {
    const { account, instance, follower } = await following();
    for (let hour = 0; hour < 4; hour++) {
      await write(account, ...numbers(hour * 10, hour * 10 + 10));
      await account.rotateLog(instance);
    }
    await write(account, "end", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual([...numbers(0, 40), "end"]);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("reads each record once when the log is renamed while it reads", async () => {
    const { account, instance } = await loggingInstance();
    const source = logSource(account);
    const { portion } = source;
    let rotate = false;
    source.portion = async (file, marker, lines) => {
      if (rotate) {
        rotate = false;
        await account.rotateLog(instance);
        await write(account, ...numbers(5, 10), "end");
      }
      return portion(file, marker, lines);
    };
    const follower = await new TestFollower(source, { start: Date.now() - 60_000, end: null }).begin();
    await write(account, ...numbers(0, 3));
    await follower.step();
    await write(account, ...numbers(3, 5));
    rotate = true;
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 10));
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("waits while there is no live file", async () => {
    const { account, instance, follower } = await following();
    await write(account, "SELECT 1");
    await account.rotateLog(instance, { gapMs: 500 });
    await follower.catchUp();
    await write(account, "SELECT 2");
    await scheduler.wait(600);
    await write(account, "SELECT 3", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1", "SELECT 2", "SELECT 3"]);
  });

  it("has all of a line that RDS would cut at 1 MB, as far as the service keeps a statement", async () => {
    const { account, follower } = await following();
    const long = `SELECT '${"x".repeat(200_000)}'`;
    await write(account, ...Array.from({ length: 12 }, () => long), "after", "end");
    await follower.catchUp();
    const statements = await follower.statements();
    expect(statements.length).toBe(13);
    expect(statements.slice(0, 12).every((statement) => statement === long)).toBe(true);
    expect(statements.at(-1)).toBe("after");
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("says that a statement of more than 1 MB was cut", async () => {
    const { account, follower } = await following();
    await write(account, "before", `SELECT '${"x".repeat(1_200_000)}'`, "after", "end");
    await follower.catchUp();
    const lines = await follower.lines();
    expect(lines.map(({ truncated }) => truncated)).toEqual([undefined, true, undefined]);
    expect(lines.at(-1)?.statement).toBe("after");
    expect(follower.state.manifest.gaps).toMatchObject([{ cause: "RDS cut a statement of more than 1 MB" }]);
  });

  it("reads a log of more than ten thousand lines a portion", async () => {
    const { account, follower } = await following();
    await write(account, ...numbers(0, 25_000), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 25_000));
  });

  it("goes on after bytes that are no text", async () => {
    const { account, instance, follower } = await following();
    for (let i = 0; i < 50; i++) {
      await account.appendLog(
        instance,
        `2026-11-23T05:36:15.${String(i).padStart(6, "0")}Z\t    8 Query\tSELECT '\u0001\u0002\u001f'\n`,
      );
      await follower.step();
    }
    expect(follower.state.manifest.gapCount).toBe(0);
  });
});

describe("what can't be read", () => {
  it("is a gap when a renamed file is lost before it was read", async () => {
    const { account, instance, follower } = await following();
    await write(account, "SELECT 1", "SELECT 2");
    await follower.catchUp();
    const name = await account.rotateLog(instance);
    await write(account, "lost");
    const second = await account.rotateLog(instance);
    await follower.step();
    await account.loseLog(instance, name);
    await account.loseLog(instance, second);
    await write(account, "SELECT 3", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(expect.arrayContaining(["SELECT 1", "SELECT 3"]));
  });

  it("is a gap when the live file is cut off, with when and why", async () => {
    const { account, instance, follower } = await following();
    await write(account, ...numbers(0, 100));
    await follower.catchUp();
    await account.truncateLog(instance);
    await write(account, "SELECT 'after'", "end");
    await follower.catchUp();
    expect((await follower.statements()).at(-1)).toBe("SELECT 'after'");
    const [gap] = follower.state.manifest.gaps;
    expect(gap).toMatchObject({ cause: "The log file was cut off or replaced" });
    expect(gap?.to).toBeGreaterThanOrEqual(gap?.from as number);
  });

  it("is a gap when a back-dated capture asks for a time of which there is no log", async () => {
    const { account } = await loggingInstance();
    const start = Date.now() - 5 * HOUR;
    await write(account, "SELECT 1", "end");
    const follower = await new TestFollower(logSource(account), { start, end: null }).begin(true);
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1"]);
    expect(follower.state.manifest.gaps).toMatchObject([
      { from: start, cause: "The instance has no log of that time any more, or wrote none" },
    ]);
  });
});

describe("a step that is cut off", () => {
  it("stores each statement once, however often a step is repeated", async () => {
    const { account, instance, follower } = await following();
    for (let round = 0; round < 12; round++) {
      await write(account, ...numbers(round * 50, round * 50 + 50));
      if (round % 4 === 3) await account.rotateLog(instance);
      const [state, digests] = [
        structuredClone(follower.state),
        JSON.parse(JSON.stringify(follower.digests)),
      ];
      await follower.step();
      if (round % 2 === 0) {
        // Killed after the fragment was stored, before the state was: the step is done again, and there is more to read.
        follower.state = state;
        follower.digests = new (
          follower.digests.constructor as typeof import("../../../src/workload/digest.ts").Digests
        )(digests);
        await write(account, `SELECT 'more ${round}'`);
        await follower.step();
      }
    }
    await write(account, "end");
    await follower.catchUp();
    const statements = await follower.statements();
    expect(statements.filter((statement) => !statement.includes("more"))).toEqual(numbers(0, 600));
    expect(statements.filter((statement) => statement.includes("more")).length).toBe(6);
    expect(follower.state.manifest.records).toBe(statements.length);
    expect(follower.digests.total).toBe(statements.length);
  });
});

describe("a generated workload", () => {
  it.each([
    ["demo-mysql", "mysql"],
    ["demo-mariadb", "mariadb"],
  ])(
    "of %s is captured exactly, without Amazon's own statements and without passwords",
    async (instance, engine) => {
      const account = await createAccount();
      await account.setParameterApplication({ delayMs: 0 });
      const seed = 7;
      await account.setClock(-3 * HOUR);
      const workload = await account.setWorkload(instance, { seed, rate: 5 });
      await switchOn(account, instance);
      await account.setClock(0);
      const start = workload.from + 20 * 60_000;
      const end = start + 2 * HOUR;
      const source = logSource(account, instance);
      const follower = await new TestFollower(source, { start, end }).begin(true);
      await follower.catchUp();
      const captured = shapesOfLines(await follower.lines());
      expect(captured).toEqual(
        shapesOfGenerated(generatedRecords({ instance, engine, seed, rate: 5, from: start, to: end })),
      );
      expect(captured.length).toBeGreaterThan(30_000);
      expect(captured.join("\n")).not.toContain(GENERATED_PASSWORD);
      expect(follower.state.manifest.gapCount).toBe(0);
    },
  );
});

describe("sessions in the log", () => {
  it("reads the strings of a session by the SQL mode that it set, also in later steps", async () => {
    const { account } = await loggingInstance();
    const follower = await new TestFollower(logSource(account), {
      start: Date.now() - 60_000,
      end: null,
    }).begin(false, "literals");
    const write = (threadId: number, ...statements: string[]) =>
      account.appendLog(
        account.instance,
        statements.map((statement) => ({ threadId, command: "Query", statement })),
      );
    const select = "SELECT a FROM t WHERE path = 'C:\\' AND name = 'top secret'";
    await write(501, "SET sql_mode = 'NO_BACKSLASH_ESCAPES'", select, "SELECT 1");
    await follower.catchUp();
    await write(501, select);
    // Of this one nothing is known.
    await write(502, select, "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual([
      "SET sql_mode = ?",
      "SELECT a FROM t WHERE path = ? AND name = ?",
      "SELECT ?",
      "SELECT a FROM t WHERE path = ? AND name = ?",
      "SELECT a FROM t WHERE path = ?",
    ]);
  });

  it("continues from a state that was stored before sessions were", async () => {
    const { account, follower } = await following();
    await write(account, "SELECT 1", "SELECT 2");
    await follower.catchUp();
    const { sessions: _, ...stored } = follower.state as GeneralFollowerState;
    follower.state = stored;
    await write(account, "SELECT 3", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1", "SELECT 2", "SELECT 3"]);
  });
});

async function switchOn(account: LocalAccount, instance: string): Promise<void> {
  const { instanceOf } = await import("../../local-aws/test/logs.ts");
  const { rdsClient } = await import("../../local-aws/test/sdk.ts");
  const rds = rdsClient(account, { systemClockOffset: -3 * HOUR });
  await instanceOf(account, instance, rds).modify(["general_log", "1"], ["log_output", "FILE"]);
}
