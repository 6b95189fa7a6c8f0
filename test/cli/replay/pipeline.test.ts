import { expect, test } from "vitest";
import type { Answer } from "../../../src/cli/replay/driver.ts";
import { Pipeline, type RawConnection } from "../../../src/cli/replay/pipeline.ts";

const OK = [0, 0, 0, 2, 0, 0, 0];
const OK_IN_TRANSACTION = [0, 0, 0, 3, 0, 0, 0];
const OK_WITH_MORE = [0, 0, 0, 8, 0, 0, 0];
const EOF = [0xfe, 0, 0, 2, 0];
const COLUMN = [3, 100, 101, 102];
const ERROR = [0xff, 7];
const LAST_ERROR = [0xff, 9];

/** A pipeline on a connection that only notes what is written, and gives it packets as mysql2 does. */
function begun(texts: string[], onAnswers?: (answers: readonly Answer[]) => void) {
  const written: Uint8Array[] = [];
  const told: (string | boolean | null)[][] = [];
  const pipeline = new Pipeline(
    texts,
    onAnswers ??
      ((answers) => void told.push(answers.map(({ error, inTransaction }) => error?.code ?? inTransaction))),
    ({ message }) => ({ error: { code: message, message }, inTransaction: null, isLost: message === "9" }),
  );
  const connection: RawConnection = {
    addCommand: () => undefined,
    write: (bytes) => void written.push(bytes),
    sequenceId: 0,
    clientEncoding: "utf8",
    stream: { on: () => undefined },
  };
  const receive = (sequenceId: number, bytes: number[]) => {
    expect(connection.sequenceId).toBe(sequenceId);
    return pipeline.execute(
      {
        sequenceId,
        numPackets: 1,
        buffer: Uint8Array.from(bytes),
        offset: 0,
        end: bytes.length,
        isError: () => bytes[0] === 0xff,
        asError: () => new Error(String(bytes[1])),
      },
      connection,
    );
  };
  expect(pipeline.execute(undefined, connection)).toBe(false);
  return { pipeline, written, told, receive };
}

test("all texts are written at once, each as a command of its own", () => {
  const { written } = begun(["DO 1", "é"]);
  expect(written.map((bytes) => [...bytes])).toEqual([
    [5, 0, 0, 0, 3, ...new TextEncoder().encode("DO 1"), 3, 0, 0, 0, 3, ...new TextEncoder().encode("é")],
  ]);
});

test("each answer is followed to its end: rows, several results, an error amid the rows", async () => {
  const { pipeline, told, receive } = begun(["SELECT 1", "CALL p()", "SELECT bad", "BEGIN"]);
  for (const [at, packet] of [[1], COLUMN, EOF, [1, 49], [1, 50], EOF].entries())
    expect(receive(at + 1, packet)).toBe(false);
  pipeline.tell(0);
  expect(told).toEqual([[false]]);
  expect(receive(1, OK_WITH_MORE)).toBe(false);
  expect(receive(2, OK)).toBe(false);
  for (const [at, packet] of [[1], COLUMN, EOF, [1, 49], ERROR].entries()) receive(at + 1, packet);
  expect(receive(1, OK_IN_TRANSACTION)).toBe(true);
  pipeline.tell(0);
  expect(told).toEqual([[false], [false, "7", true]]);
  await pipeline.ended;
});

test("the numbers of packets begin again after 255", () => {
  const { receive } = begun(["SELECT 1"]);
  for (const [at, packet] of [[1], COLUMN, EOF].entries()) receive(at + 1, packet);
  for (let row = 4; row < 600; row++) receive(row % 256, [1, 49]);
  expect(receive(600 % 256, EOF)).toBe(true);
});

test("a connection that is lost is the answer of all that have none, once", async () => {
  const { pipeline, told, receive } = begun(["DO 1", "DO 2", "DO 3"]);
  receive(1, OK);
  pipeline.onResult(new Error("ECONNRESET"));
  pipeline.lose({ code: "LATER", message: "" });
  expect(told).toEqual([[false, "ECONNRESET", "ECONNRESET"]]);
  await pipeline.ended;
});

test("so is an error with which the server ends the connection", async () => {
  const { pipeline, told, receive } = begun(["DO 1", "DO 2", "DO 3"]);
  receive(1, OK);
  expect(receive(1, LAST_ERROR)).toBe(true);
  pipeline.tell(0);
  expect(told).toEqual([[false, "9", "9"]]);
  await pipeline.ended;
});

test("what its listener throws, the wait for its end rejects with; nothing is thrown at who reads the socket", async () => {
  let told = 0;
  const { pipeline, receive } = begun(["DO 1", "DO 2"], () => {
    told++;
    throw new Error("The disk is full");
  });
  receive(1, OK);
  pipeline.tell(0);
  receive(1, OK);
  pipeline.tell(0);
  expect(told).toBe(1);
  await expect(pipeline.ended).rejects.toThrow("The disk is full");
});
