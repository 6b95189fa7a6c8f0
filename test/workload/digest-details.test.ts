import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Digests } from "../../src/workload/digest.ts";
import { MAX_EXAMPLE } from "../../src/workload/digest-examples.ts";
import { type DigestsState, digestsFormat } from "../../src/workload/digests-state.ts";
import { MAX_TALLY } from "../../src/workload/groups/tally.ts";
import { slowRecord } from "./timing/records.ts";

const APP = { user: "app", host: "10.0.0.7", db: "shop" };
const query = (statement: string, timeMicros: number, threadId = 1) =>
  ({ command: "Query", statement, timeMicros, threadId }) as const;

/** Of the only digest: its examples, each with whose it is. */
function examplesOf({ entries, sources = [] }: DigestsState) {
  const [{ examples = [], example = "" } = {}] = entries;
  return examples.map(({ source, statement = example, ...rest }) => ({
    ...rest,
    statement,
    user: sources[source]?.[0],
  }));
}

describe("the examples of a digest", () => {
  it("are the first, the slowest, and one of the last step in which it ran", () => {
    const digests = new Digests();
    const ran = (statement: string, timeMicros: number, durationMicros: number, user = "app") =>
      digests.addTimed(slowRecord(statement, durationMicros, { timeMicros, user }));
    ran("SELECT 1", 10, 100);
    ran("SELECT 2", 20, 900, "job");
    ran("SELECT 3", 30, 50);
    digests.toJSON();
    ran("SELECT 4", 40, 60);
    ran("SELECT 5", 50, 70, "job");
    expect(examplesOf(digests.toJSON())).toEqual([
      { timeMicros: 10, durationMicros: 100, statement: "SELECT 1", user: "app" },
      { timeMicros: 20, durationMicros: 900, statement: "SELECT 2", user: "job" },
      { timeMicros: 40, durationMicros: 60, statement: "SELECT 4", user: "app" },
    ]);
  });

  it("of the general log are the first and a late one, and one alone is said once", () => {
    const digests = new Digests();
    digests.add(query("SELECT 1", 10), null, null, APP);
    expect(digests.toJSON().entries[0]?.examples).toEqual([{ timeMicros: 10, source: 0 }]);
    digests.add(query("SELECT 2", 20), null, null, APP);
    digests.add(query("SELECT 3", 30), null, null, APP);
    expect(examplesOf(digests.toJSON())).toEqual([
      { timeMicros: 10, statement: "SELECT 1", user: "app" },
      { timeMicros: 20, statement: "SELECT 2", user: "app" },
    ]);
  });

  it("are bounded", () => {
    const digests = new Digests();
    const long = (n: number) => `SELECT '${"x".repeat(5000)}', ${n}`;
    digests.addTimed(slowRecord(long(1), 1));
    digests.addTimed(slowRecord(long(2), 2));
    const state = digests.toJSON();
    for (const { statement } of examplesOf(state)) expect(statement).toHaveLength(MAX_EXAMPLE);
    expect(JSON.stringify(state).length).toBeLessThan(4000);
  });

  it("go on from what was stored, and of two tables are the first, the slowest and the latest of both", () => {
    const [first, second] = [new Digests(), new Digests()];
    first.addTimed(slowRecord("SELECT 1", 5, { timeMicros: 10 }));
    second.addTimed(slowRecord("SELECT 2", 3, { timeMicros: 5 }));
    second.addTimed(slowRecord("SELECT 3", 9, { timeMicros: 20, user: "job" }));
    const merged = new Digests(digestsFormat.parse(digestsFormat.stringify(first.toJSON())));
    merged.merge(digestsFormat.parse(digestsFormat.stringify(second.toJSON())));
    const [entry] = merged.toJSON().entries;
    expect(entry?.example).toBe("SELECT 2");
    expect(examplesOf(merged.toJSON()).map(({ statement, user }) => [statement, user])).toEqual([
      ["SELECT 2", "app"],
      ["SELECT 3", "job"],
    ]);
  });
});

describe("the sources and tags of a digest", () => {
  it("are counted, the first few of each apart", () => {
    const digests = new Digests();
    for (let n = 0; n < 3; n++) digests.add(query("SELECT 1 /*action='a'*/", n), null, null, APP);
    digests.add(query("SELECT 1", 5, 2), null, null, { ...APP, user: null, db: null });
    for (let n = 0; n < MAX_TALLY; n++)
      digests.add(query("SELECT 1", 6, 3), null, null, { ...APP, host: `h${n}` });
    const { entries, sources, tags } = digests.toJSON();
    expect(sources?.slice(0, 3)).toEqual([
      ["app", "10.0.0.7", "shop"],
      [null, "10.0.0.7", null],
      ["app", "h0", "shop"],
    ]);
    expect(entries[0]?.sources?.slice(0, 6)).toEqual([0, 3, 1, 1, 2, 1]);
    expect(entries[0]?.sources).toHaveLength(2 * MAX_TALLY);
    expect(entries[0]?.moreSources).toBe(2);
    expect(tags).toEqual([["action", "a"]]);
    expect(entries[0]?.tags).toEqual([0, 3]);
    expect(entries[0]).not.toHaveProperty("moreTags");
  });

  it("add up to what was counted of it, and go on from what was stored", () => {
    const run = fc.tuple(
      fc.nat(3),
      fc.constantFrom("a", "b", null),
      fc.nat(30),
      fc.constantFrom("", "/*x='1'*/", "/*x='2'*/"),
    );
    const runs = fc.array(run, { maxLength: 60 });
    const count = (digests: Digests, list: [number, string | null, number, string][]) => {
      for (const [n, user, host, tag] of list) {
        digests.addTimed(slowRecord(`SELECT c${n} ${tag}`, n, { user, host: `h${host}`, threadId: host }));
      }
    };
    fc.assert(
      fc.property(runs, runs, (first, second) => {
        const whole = new Digests();
        count(whole, [...first, ...second]);
        const part = new Digests();
        count(part, first);
        const rest = new Digests(digestsFormat.parse(digestsFormat.stringify(part.toJSON())));
        count(rest, second);
        const [state, expected] = [rest.toJSON(), whole.toJSON()];
        expect([state.users, state.hosts, state.tagged, state.sources, state.tags]).toEqual([
          expected.users,
          expected.hosts,
          expected.tagged,
          expected.sources,
          expected.tags,
        ]);
        for (const { count, sources = [], moreSources = 0 } of state.entries) {
          const known = sources.filter((_, at) => at % 2 === 1).reduce((sum, one) => sum + one, 0);
          expect(known + moreSources).toBe(count);
        }
        const sum = (state.users?.groups ?? []).reduce((all, [, figures]) => all + (figures[0] ?? 0), 0);
        expect(sum).toBe(state.total);
      }),
      { numRuns: 50 },
    );
  });

  it("are not known of what was stored before they were kept", () => {
    const before = digestsFormat.parse(
      '{"version":1,"capacity":2,"total":7,"entries":[' +
        '{"fingerprint":"ef247dc17ac69a7e","digest":"SELECT ?","count":7,"overcount":0,"firstSeenMicros":5,"lastSeenMicros":9,"example":"SELECT 1"}]}',
    );
    const digests = new Digests(before);
    digests.add(query("SELECT 2 /*a='b'*/", 12), null, null, APP);
    const { entries, users, tagged } = digests.toJSON();
    expect(entries).toMatchObject([
      {
        count: 8,
        example: "SELECT 1",
        sources: [0, 1],
        tags: [0, 1],
        examples: [{ statement: "SELECT 2 /*a='b'*/" }],
      },
    ]);
    expect(users).toEqual({ groups: [["app", [1]]] });
    expect(tagged).toEqual([["a", { groups: [["b", [1]]] }]]);
  });

  it("are dropped by older code, which reads the rest", () => {
    const digests = new Digests();
    digests.add(query("SELECT 1", 1), null, null, APP);
    // The version is one that older code knows, and zod's objects leave out what they don't.
    expect(digestsFormat.write(digests.toJSON()).version).toBe(1);
  });
});
