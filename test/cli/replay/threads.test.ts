import { expect, test } from "vitest";
import { LinesBySession } from "../../../src/cli/replay/lines-by-session.ts";
import type { Outcome } from "../../../src/cli/replay/outcome.ts";
import { OutcomePacker, unpacked } from "../../../src/cli/replay/thread-messages.ts";

const line = (threadId: number, statement: string) =>
  `{"time":"2026-11-28T10:00:00.000000Z","threadId":${threadId},"user":null,"host":null,"command":"Query","statement":${JSON.stringify(statement)}}\n`;

test("all lines of a connection are given to one thread, whole and in their order, in chunks of any size", () => {
  const lines = Array.from({ length: 50 }, (_, i) => line(i % 7, `SELECT ${i} /* é 寿司 "threadId":3, */`));
  const missing = '{"missing":{"from":"2026-11-28T10:00:00.000000Z"}}\n';
  const bytes = new TextEncoder().encode(
    [...lines.slice(0, 20), missing, ...lines.slice(20)].join("").trimEnd(),
  );
  for (const size of [1, 7, 100, 1000, bytes.length]) {
    const divided = new LinesBySession(3);
    const got = ["", "", ""];
    const take = () => {
      for (const thread of [0, 1, 2]) {
        const taken = divided.take(thread);
        got[thread] += new TextDecoder().decode(taken);
        expect(divided.sizeOf(thread)).toBe(0);
      }
    };
    for (let at = 0; at < bytes.length; at += size) {
      divided.add(bytes.subarray(at, at + size));
      if (at % 3 === 0) take();
    }
    divided.finish();
    take();
    const ofThread = (thread: number) => lines.filter((_, i) => (i % 7) % 3 === thread);
    expect(got[0]).toBe(
      [
        ...ofThread(0).slice(
          0,
          ofThread(0).findIndex((one) => lines.indexOf(one) >= 20),
        ),
        missing,
        ...ofThread(0).filter((one) => lines.indexOf(one) >= 20),
      ].join(""),
    );
    expect([got[1], got[2]]).toEqual([ofThread(1).join(""), ofThread(2).join("")]);
  }
});

test("outcomes are told as they are; statements only where they are new or failed", () => {
  const outcome = (more: Partial<Outcome>): Outcome => ({
    session: "7.1",
    isPartial: false,
    fingerprint: "00000000000000aa",
    statement: "SELECT 1",
    via: "text",
    recordedAt: 1_795_860_000_123_456,
    recordedMicros: null,
    lateMicros: 0,
    micros: 250,
    error: null,
    ...more,
  });
  const outcomes = [
    outcome({}),
    outcome({ via: "prepared", recordedMicros: 0, lateMicros: 17, isPartial: true, session: "8.2" }),
    outcome({ statement: "SELECT 2", error: { code: "ER_NO", message: "line\nline" } }),
    outcome({ fingerprint: null, statement: "SELECT 3\n", via: "text for prepared" }),
    outcome({ fingerprint: "00000000000000bb", statement: "SELECT 4" }),
  ];
  const packer = new OutcomePacker();
  for (const one of outcomes) packer.add(one);
  expect(packer.size).toBe(5);
  const [first, second, ...others] = unpacked(structuredClone(packer.take()));
  expect([first, second, others]).toEqual([
    outcomes[0],
    { ...outcomes[1], statement: "" },
    outcomes.slice(2),
  ]);
  expect([packer.size, [...unpacked(packer.take())]]).toEqual([0, []]);
  packer.add(outcomes[4] as Outcome);
  expect([...unpacked(packer.take())].map(({ statement }) => statement)).toEqual([""]);
});
