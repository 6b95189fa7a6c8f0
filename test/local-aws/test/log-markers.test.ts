import { describe, expect, it } from "vitest";
import { LIVE, loggingInstance, MYSQL_BANNER, readOn } from "./logs.ts";

describe("a marker of the live file", () => {
  it("is valid for the renamed file", async () => {
    const made = await loggingInstance();
    const { Marker } = await made.portion();
    await made.account.appendLog(made.instance, "tail\n");
    const name = await made.account.rotateLog(made.instance);
    await made.account.appendLog(made.instance, "head\n");
    const renamed = await readOn(made, name, Marker);
    expect(renamed.text).toBe("tail\n");
    await made.account.rotateLog(made.instance);
    await made.account.rotateLog(made.instance);
    expect((await readOn(made, name, Marker)).text).toBe("tail\n");
  });

  it("leads from the renamed file to the new one after one change of the hour", async () => {
    const made = await loggingInstance();
    const { Marker } = await made.portion();
    await made.account.appendLog(made.instance, "tail\n");
    await made.account.rotateLog(made.instance);
    await made.account.appendLog(made.instance, "head\n");
    const old = await made.portion({ Marker });
    expect(old).toMatchObject({ LogFileData: "tail\n", AdditionalDataPending: true });
    expect((await readOn(made, LIVE, old.Marker)).text).toBe(`${MYSQL_BANNER}head\n`);
  });

  it("stays at the end of the renamed file after two", async () => {
    const made = await loggingInstance();
    const { Marker } = await made.portion();
    await made.account.appendLog(made.instance, "tail\n");
    await made.account.rotateLog(made.instance);
    await made.account.rotateLog(made.instance);
    const end = await made.portion({ Marker });
    expect(end).toMatchObject({ LogFileData: "tail\n", AdditionalDataPending: false });
    await made.account.appendLog(made.instance, "unseen\n");
    expect((await readOn(made, LIVE, end.Marker)).text).toBe("");
  });

  it("is taken for one of the new file when the renamed one is deleted, without an error", async () => {
    const made = await loggingInstance();
    const { Marker } = await made.portion();
    await made.account.loseLog(made.instance, await made.account.rotateLog(made.instance));
    await made.account.appendLog(made.instance, "head\n");
    expect((await readOn(made, LIVE, Marker)).text).toBe("head\n");
  });

  it("stays valid for its position in a file that shrank", async () => {
    const made = await loggingInstance();
    await made.account.appendLog(made.instance, "0123456789\n");
    const { Marker } = await made.portion();
    await made.account.truncateLog(made.instance, 5);
    expect(await made.account.logText(made.instance)).toBe(MYSQL_BANNER.slice(0, 5));
    expect((await made.portion({ Marker })).LogFileData).toBe("");
    await made.account.appendLog(made.instance, "x".repeat(MYSQL_BANNER.length + 10));
    expect((await made.portion({ Marker })).LogFileData).toBe("xxxx");
  });
});
