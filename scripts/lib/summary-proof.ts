import { deepStrictEqual, ok } from "node:assert";
import { digestOf } from "../../src/sql-text/normalize/normalize.ts";
import { check } from "./checks.ts";
import type { Database, StatementFigures } from "./database.ts";
import { type CapturedRecord, type DemoUser, readRecords } from "./demo-user.ts";

/*
 * What a capture says of each statement, compared with what the server itself counts (MySQL's performance schema). The
 * server says which of its digests a statement has, so that the two need not be written alike.
 */

/** The default database of the statements that are compared. */
export const SCHEMA = "shop";
/** How far the time of a statement may be from the server's. */
const TOLERANCE = 0.05;
/**
 * The server counts more of each statement than its log says, such as the writing of the logs: some 20 µs, 1 ms of a text of
 * 200 KB, and some ms at times on a busy machine. What took less altogether, or has a longer text, tells nothing.
 */
const SHORT_MICROS = 100_000;
const LONG_TEXT = 1_000;

/**
 * Statements that are other ones for the server: of prepared statements it has PREPARE and EXECUTE, with the text; user
 * variables are all one. Of passwords, the log lacks the text.
 */
const IS_OTHER = /^(?:set @|deallocate )|<secret>/i;

/**
 * Compares the digests of a capture with the server's figures.
 * @param id a capture of both logs that is done
 * @param general what it has of the general log
 * @param mark what the statements hold that were executed while the server counted, and no others
 * @param own what the server counted of the schema of these statements
 */
export async function proveSummary(
  user: DemoUser,
  id: number,
  database: Database,
  general: readonly CapturedRecord[],
  mark: string,
  own: readonly StatementFigures[],
): Promise<void> {
  const records = await readRecords(await user.api.captures.download(id, { log: "slow" }));
  const prepared = new Set(
    general
      .filter(({ command }) => command === "Execute")
      .map(({ statement }) => digestOf(statement, database.dialect).text),
  );
  const examples = new Map<string, string>();
  for (const { statement } of records) {
    const { text } = digestOf(statement, database.dialect);
    if (!statement.includes(mark) || IS_OTHER.test(text) || prepared.has(text)) continue;
    if (!statement.includes("<secret>")) examples.set(text, statement);
  }
  const servers = (await database.figures?.digestsOf([...examples.values()], SCHEMA)) ?? [];
  const digests = await user.api.captures.digest(id, { limit: 100, order: "time" });
  const pairs = [...examples].map(([text, example], i) => ({
    text,
    example,
    server: own.find(({ digest }) => digest === servers[i]),
    captured: digests.find(({ digest }) => digest === text),
  }));

  await check(`the ${pairs.length} kinds of statements are as many for the server`, () => {
    ok(pairs.length >= 10, "There are not enough for a proof");
    deepStrictEqual(new Set(servers).size, pairs.length);
  });
  await check("each was called as often as the server counts", () => {
    deepStrictEqual(
      pairs.map(({ text, captured }) => [text, captured?.calls]),
      pairs.map(({ text, server }) => [text, server?.calls]),
    );
  });
  const long = pairs.filter(
    ({ example, server }) => example.length < LONG_TEXT && server && server.totalMicros >= SHORT_MICROS,
  );
  await check(`the total time of the ${long.length} that took 100 ms is within 5 % of the server's`, () => {
    ok(long.length >= 3, "There are not enough for a proof");
    for (const { text, server, captured } of long) {
      const [took, counted] = [captured?.totalMicros ?? 0, server?.totalMicros ?? 0];
      ok(
        Math.abs(took - counted) <= counted * TOLERANCE,
        `${text.slice(0, 200)} took ${took} µs, and ${counted} µs as the server counts`,
      );
    }
  });
}
