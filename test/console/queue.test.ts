import { expect, it } from "vitest";
import { atMost } from "../../src/console/lib/queue.ts";

it("lets no more requests run at once than it may, and all in the end", async () => {
  const inTurn = atMost(2);
  let running = 0;
  let most = 0;
  const request = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return running--;
  };
  await Promise.all(Array.from({ length: 9 }, () => inTurn(request)));
  expect({ most, running }).toEqual({ most: 2, running: 0 });
});

it("goes on after one that failed, and does not send one that was aborted while it waited", async () => {
  const inTurn = atMost(1);
  const aborting = new AbortController();
  const sent: string[] = [];
  const failing = inTurn(() => Promise.reject(new Error("refused")));
  const aborted = inTurn(async () => sent.push("aborted"), aborting.signal);
  const last = inTurn(async () => sent.push("last"));
  aborting.abort();
  await expect(failing).rejects.toThrow("refused");
  await expect(aborted).rejects.toThrow();
  await last;
  expect(sent).toEqual(["last"]);
});
