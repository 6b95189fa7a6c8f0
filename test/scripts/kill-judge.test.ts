import { describe, expect, test } from "vitest";
import { type GeneratedRecord, judgeRecording, type Recording } from "../../scripts/lib/kill/judge.ts";

type Captured = Recording["records"][number];

const START = Date.UTC(2026, 10, 27, 12);
const SECOND = 1000;

/** What clients of a MySQL did: a record each tenth of a second, by one session. */
const generated: GeneratedRecord[] = Array.from({ length: 30 }, (_, i) => ({
  timeMicros: (START + i * 100) * 1000 + 7,
  threadId: 9,
  user: "app",
  host: "10.0.0.1",
  command: i === 0 ? "Connect" : "Query",
  statement: i === 0 ? "app@10.0.0.1 on shop using TCP/IP" : `SELECT ${i}`,
}));

const captured = ({ timeMicros, ...record }: GeneratedRecord): Captured => ({
  ...record,
  time: `${new Date(Math.floor(timeMicros / 1000)).toISOString().slice(0, -1)}${String(timeMicros % 1000).padStart(3, "0")}Z`,
});

const whole: Recording = {
  start: START,
  end: START + 3 * SECOND,
  gaps: [],
  records: generated.map(captured),
};

const without = (...places: number[]): Recording => ({
  ...whole,
  records: whole.records.filter((_, i) => !places.includes(i)),
});
const gap = (from: number, to: number) => ({
  from: new Date(START + from).toISOString(),
  to: new Date(START + to).toISOString(),
});
const FINE = { stored: 30, excused: 0, lost: [], strays: [], misattributed: [], leaked: [], needless: [] };

describe("the judge of a recording", () => {
  test("finds nothing wrong with one that has everything, once and in order", () => {
    expect(judgeRecording(generated, whole)).toEqual(FINE);
  });

  test.each([0, 1, 15, 29])("finds that record %i is lost", (place) => {
    expect(judgeRecording(generated, without(place))).toEqual({
      ...FINE,
      stored: 29,
      lost: [generated[place]],
    });
  });

  test("finds everything lost that follows the end of what was read", () => {
    const rest = Array.from({ length: 20 }, (_, i) => 10 + i);
    expect(judgeRecording(generated, without(...rest)).lost).toEqual(generated.slice(10));
  });

  test("excuses what is missing within a gap that is reported, and nothing else", () => {
    const cut = { ...without(10, 11, 12, 20), gaps: [gap(950, 1250)] };
    expect(judgeRecording(generated, cut)).toEqual({
      ...FINE,
      stored: 26,
      excused: 3,
      lost: [generated[20]],
    });
  });

  test("finds a gap that ends before what is missing", () => {
    const cut = { ...without(10, 11, 12), gaps: [gap(950, 1150)] };
    expect(judgeRecording(generated, cut).lost).toEqual([generated[12]]);
  });

  test("finds a gap in which nothing is missing", () => {
    const needless = gap(1010, 1090);
    expect(judgeRecording(generated, { ...whole, gaps: [needless] })).toEqual({
      ...FINE,
      needless: [needless],
    });
  });

  test("finds what is stored twice, out of order, altered or of nobody", () => {
    const [first, second] = [whole.records[3] as Captured, whole.records[4] as Captured];
    const strays = (records: readonly Captured[]) => judgeRecording(generated, { ...whole, records }).strays;
    expect(strays(whole.records.toSpliced(4, 0, first))).toEqual([first]);
    expect(strays(whole.records.toSpliced(3, 2, second, first))).toEqual([first]);
    const altered = { ...first, statement: `${first.statement} ` };
    const wrong = judgeRecording(generated, { ...whole, records: whole.records.with(3, altered) });
    expect(wrong).toMatchObject({ strays: [altered], lost: [generated[3]] });
    expect(strays([...whole.records, { ...first, threadId: 10 }])).toHaveLength(1);
  });

  test("finds what is stored as another's, in a session that began in the capture", () => {
    const anothers = { ...(whole.records[5] as Captured), user: "root" };
    const nobodys = { ...(whole.records[6] as Captured), user: null, host: null };
    const records = whole.records.with(5, anothers).with(6, nobodys);
    expect(judgeRecording(generated, { ...whole, records }).misattributed).toEqual([anothers, nobodys]);
    // The user of an older session can't be known, and may be absent, but not be another one.
    const older = judgeRecording(generated.slice(1), { ...whole, records: records.slice(1) });
    expect(older.misattributed).toEqual([anothers]);
  });

  test("accepts a marker in the place of a password, and no password in the place of a marker", () => {
    const account = {
      ...(generated[3] as GeneratedRecord),
      statement: "CREATE USER a IDENTIFIED BY 's3cr3t-Pässwort'",
    };
    const log = generated.with(3, account);
    const stored = (statement: string) =>
      judgeRecording(log, {
        ...whole,
        records: whole.records.with(3, { ...captured(account), statement }),
      });
    expect(stored("CREATE USER a IDENTIFIED BY <secret>")).toEqual(FINE);
    expect(stored("CREATE USER b IDENTIFIED BY <secret>").lost).toEqual([account]);
    expect(stored(account.statement).leaked).toHaveLength(1);
  });

  test("expects no records of Amazon's own session once it is known, and accepts none then", () => {
    const amazons = (i: number, statement: string): GeneratedRecord => ({
      ...(generated[i] as GeneratedRecord),
      threadId: 3,
      user: "rdsadmin",
      host: "localhost",
      statement,
    });
    const early = amazons(2, "SELECT 1");
    const heartbeat = amazons(8, "SELECT value FROM mysql.rds_heartbeat2");
    const late = amazons(12, "SELECT 1");
    const log = [...generated, early, heartbeat, late].sort((a, b) => a.timeMicros - b.timeMicros);
    const withOne = (record: GeneratedRecord) =>
      judgeRecording(log, {
        ...whole,
        records: [...whole.records, captured({ ...record })].sort((a, b) => (a.time < b.time ? -1 : 1)),
      }).strays;
    expect(judgeRecording(log, whole)).toEqual(FINE);
    expect(withOne(early)).toEqual([]);
    expect(withOne(late)).toEqual([captured(late)]);
  });

  test("knows that MariaDB's times are whole seconds: at the start, and at the edges of a gap", () => {
    const log = generated.map((record) => ({
      ...record,
      timeMicros: Math.floor(record.timeMicros / 1e6) * 1e6,
    }));
    const records = log.map(captured);
    const late = { ...whole, start: START + 400 };
    expect(judgeRecording(log, { ...late, records }).strays).toEqual([]);
    expect(judgeRecording(log, { ...late, records: records.slice(4) }).lost).toEqual([]);
    const cut = { ...whole, records: records.slice(0, 20), gaps: [gap(2900, 3000)] };
    expect(judgeRecording(log, cut)).toMatchObject({ excused: 10, lost: [] });
    expect(judgeRecording(log, { ...cut, gaps: [] }).lost).toHaveLength(10);
  });
});
