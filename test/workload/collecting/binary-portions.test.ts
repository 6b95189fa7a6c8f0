import { describe, expect, it } from "vitest";
import { loggingInstance } from "../../local-aws/test/logs.ts";
import { logSource, TestFollower } from "../support.ts";
import { following, numbers, write, writeBefore } from "./followed-log.ts";

describe("a portion that RDS refuses as binary data", () => {
  const CAUSE = "RDS refused to give a part of the log, which it takes for binary data";
  const BINARY = "INSERT INTO t VALUES ('\0')";

  it("is skipped in the live file: only its own line is missing, with a gap", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, ...numbers(0, 700), BINARY, ...numbers(700, 1000));
    await follower.catchUp();
    await write(made, BINARY, ...numbers(1000, 1010), "end");
    await follower.catchUp();
    await account.rotateLog(instance);
    await write(made, ...numbers(1010, 1020), "end");
    await follower.catchUp();
    const statements = await follower.statements();
    expect(statements.filter((statement) => statement !== "end")).toEqual(numbers(0, 1020));
    expect(follower.state.manifest.gaps.map(({ cause }) => cause)).toEqual([CAUSE, CAUSE]);
  });

  it("is skipped in a renamed file", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, ...numbers(0, 20), BINARY, ...numbers(20, 40));
    await account.rotateLog(instance);
    await write(made, ...numbers(40, 50), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 50));
    expect(follower.state.manifest.gaps).toMatchObject([{ cause: CAUSE }]);
  });

  it("has the other lines of its statement counted as belonging to no record", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, "SELECT 0", `${BINARY},\n('rest')`, "SELECT 1", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 0", "SELECT 1"]);
    expect(follower.state.manifest).toMatchObject({ strayBytes: "('rest')\n".length, gapCount: 1 });
  });

  it("is waited for where nothing is behind it yet, and nothing is read twice", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, "SELECT 0", BINARY);
    for (let step = 0; step < 3; step++) expect(await follower.step()).toBe(true);
    expect(follower.state.openGap).toMatchObject({ cause: CAUSE });
    await write(made, "SELECT 1", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 0", "SELECT 1"]);
    expect(follower.state.manifest.gaps).toMatchObject([{ cause: CAUSE }]);
  });

  it("is left with its file where all of the file is refused: the next one is read", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, BINARY);
    await follower.step();
    await account.rotateLog(instance);
    await write(made, ...numbers(0, 5), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 5));
    expect(follower.state.manifest.gaps).toMatchObject([{ cause: CAUSE }]);
  });

  it.each([
    ["the last line of the log", [BINARY]],
    ["a line among the last ones", [BINARY, "SELECT 'before'"]],
  ])("does not keep a capture from beginning when it is %s", async (_, last) => {
    const made = await loggingInstance();
    const { account, instance } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    const start = Date.now();
    await writeBefore(start, made, "SELECT 'long before'", ...last);
    const follower = await new TestFollower(logSource(account), { start, end: null }).begin();
    await write(made, "SELECT 1", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1"]);
  });
});
