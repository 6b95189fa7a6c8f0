import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Groups, MAX_GROUPS } from "../../../src/workload/groups/groups.ts";
import { type Collected, Pending } from "../../../src/workload/groups/pending.ts";
import { MAX_SOURCES, Sources } from "../../../src/workload/groups/sources.ts";
import { MAX_TAG_KEYS, MAX_TAGS, TagGroups } from "../../../src/workload/groups/tags.ts";
import { MAX_TALLY, Tally } from "../../../src/workload/groups/tally.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";

/** Figures of so many statements without times. */
const counted = (calls: number): Figures => new Figures([calls]);
const calls = (groups: { groups: [string | null, number[]][] }) =>
  Object.fromEntries(groups.groups.map(([name, [count]]) => [String(name), count]));

describe("groups", () => {
  it("tell the first thousand names apart, and count the rest together", () => {
    const groups = new Groups();
    for (let n = 0; n < MAX_GROUPS + 5; n++) groups.add(`host${n}`, counted(2));
    groups.add("host0", counted(1));
    const state = groups.toJSON();
    expect(state.groups).toHaveLength(MAX_GROUPS);
    expect(state.groups[0]).toEqual(["host0", [3]]);
    expect(state.others).toEqual([10]);
    const again = new Groups(state);
    again.merge(state);
    expect(again.toJSON().others).toEqual([20]);
    expect(again.toJSON().groups[0]).toEqual(["host0", [6]]);
    expect(again.size).toBe(MAX_GROUPS);
  });

  it("have a name that the log does not say, too, and one that is empty", () => {
    const groups = new Groups();
    for (const name of [null, "", null]) groups.add(name, counted(1));
    expect(groups.toJSON()).toEqual({
      groups: [
        [null, [2]],
        ["", [1]],
      ],
    });
  });

  it("add up to what was counted, in whatever pieces", () => {
    const names = fc.array(fc.constantFrom("a", "b", "c", null), { maxLength: 100 });
    fc.assert(
      fc.property(names, names, (first, second) => {
        const whole = new Groups();
        for (const name of [...first, ...second]) whole.add(name, counted(1));
        const part = new Groups();
        for (const name of first) part.add(name, counted(1));
        const rest = new Groups(part.toJSON());
        for (const name of second) rest.add(name, counted(1));
        expect(calls(rest.toJSON())).toEqual(calls(whole.toJSON()));
      }),
    );
  });
});

describe("figures that wait for their groups", () => {
  it("arrive when they are asked for, and before too many wait", () => {
    const arrived: number[] = [];
    const pending = new Pending<Collected>((_, figures) => arrived.push(figures.calls));
    const one: Collected = { pending: null, isWaiting: false };
    pending.of(one).count();
    pending.of(one).count();
    expect(arrived).toEqual([]);
    pending.flush();
    pending.flush();
    expect(arrived).toEqual([2]);
    pending.of(one).count();
    pending.flush();
    expect(arrived).toEqual([2, 1]);
    for (let n = 0; n < 5000; n++) pending.of({ pending: null, isWaiting: false }).count();
    expect(arrived.length).toBeGreaterThan(2048);
    pending.flush();
    expect(arrived).toHaveLength(5002);
  });
});

describe("a tally", () => {
  it("tells the first few apart, in their order, and says how often others came", () => {
    const items = Array.from({ length: MAX_TALLY + 2 }, (_, n) => ({ n }));
    const tally = new Tally<{ n: number }>();
    for (const item of [...items, ...items]) tally.add(item);
    tally.add(items[3] as { n: number }, 5);
    expect([...tally].map(([{ n }, count]) => [n, count])).toEqual(
      items.slice(0, MAX_TALLY).map(({ n }) => [n, n === 3 ? 7 : 2]),
    );
    expect(tally.more).toBe(4);
  });
});

describe("sources", () => {
  it("are the same object whenever they come again, also of another thread", () => {
    const sources = new Sources();
    const app = { user: "app", host: "10.0.0.7", db: "shop" };
    const first = sources.of(1, app);
    expect(sources.of(1, { ...app })).toBe(first);
    expect(sources.of(2, app)).toBe(first);
    // A thread in the same place of the cache.
    expect(sources.of(4097, { ...app, db: null })).not.toBe(first);
    expect(sources.of(1, app)).toBe(first);
    expect(sources.toJSON()).toEqual([
      ["app", "10.0.0.7", "shop"],
      ["app", "10.0.0.7", null],
    ]);
  });

  it("count by user and by host", () => {
    const sources = new Sources();
    for (const [user, host] of [
      ["a", "x"],
      ["a", "y"],
      ["b", "y"],
      [null, null],
    ] as const) {
      sources.figuresOf(sources.of(1, { user, host, db: null })).count();
    }
    sources.flush();
    expect(calls(sources.users.toJSON())).toEqual({ a: 2, b: 1, null: 1 });
    expect(calls(sources.hosts.toJSON())).toEqual({ x: 1, y: 2, null: 1 });
  });

  it("are bounded, and their figures are right nevertheless", () => {
    const sources = new Sources();
    for (let n = 0; n < MAX_SOURCES + 100; n++) {
      const source = sources.of(n, { user: "app", host: `host${n % 50}`, db: `db${n}` });
      expect(source.index).toBe(n < MAX_SOURCES ? n : -1);
      sources.figuresOf(source).count();
    }
    sources.flush();
    expect(sources.toJSON()).toHaveLength(MAX_SOURCES);
    expect(calls(sources.users.toJSON())).toEqual({ app: MAX_SOURCES + 100 });
    expect(sources.hosts.size).toBe(50);
  });
});

describe("groups by tags", () => {
  const count = (groups: TagGroups, sql: string) => {
    const tags = groups.of(sql);
    if (tags !== null) groups.figuresOf(tags).count();
    return tags?.tags.map(({ key, value }) => `${key}=${value}`) ?? null;
  };
  const valuesOf = (groups: TagGroups) => {
    groups.flush();
    return Object.fromEntries(groups.toJSON().map(([key, state]) => [key, calls(state)]));
  };

  it("count each tag of a statement, behind it or before it", () => {
    const groups = new TagGroups();
    expect(count(groups, "SELECT 1 /*action='a',app='shop'*/")).toEqual(["action=a", "app=shop"]);
    expect(count(groups, "/*action='b'*/ SELECT 1 /* c */")).toEqual(["action=b"]);
    expect(count(groups, "SELECT 1 /*action='a',app='shop'*/;")).toEqual(["action=a", "app=shop"]);
    expect(count(groups, "SELECT 1")).toBeNull();
    expect(count(groups, "SELECT 1 /* c */")).toBeNull();
    expect(valuesOf(groups)).toEqual({ action: { a: 2, b: 1 }, app: { shop: 2 } });
  });

  it("leave out what differs with every request, wherever it stands", () => {
    const groups = new TagGroups();
    for (let n = 0; n < 3; n++) {
      count(groups, `SELECT 1 /*action='a',traceparent='00-${n}',tracestate='x%3D${n}'*/`);
      count(groups, `SELECT 1 /*action='a',traceparent='00-${n}'*/`);
      count(groups, `SELECT 1 /*action='a',traceparent='00-${n}',zone='z'*/`);
      count(groups, `SELECT 1 /*traceparent='00-${n}'*/`);
    }
    expect(valuesOf(groups)).toEqual({ action: { a: 9 }, zone: { z: 3 } });
  });

  it("have those behind what differs with every request", () => {
    const groups = new TagGroups();
    for (let n = 0; n < 3; n++) {
      const trace = `traceparent='00-${n}-01',tracestate='a%3Db${n}'`;
      expect(count(groups, `SELECT 1 /*action='x',${trace},view='checkout'*/`)).toEqual([
        "action=x",
        "view=checkout",
      ]);
      expect(count(groups, `SELECT 1 /*action='x',${trace},url='%2Fa',user='b'*/`)).toEqual([
        "action=x",
        "url=/a",
        "user=b",
      ]);
    }
    expect(count(groups, "SELECT 1 /*a='x,traceparent=',b='c'*/")).toEqual(["a=x,traceparent=", "b=c"]);
    expect(count(groups, "SELECT 1 /*a=',traceparent=',b='c,tracestate='*/")).toEqual([
      "a=,traceparent=",
      "b=c,tracestate=",
    ]);
    expect(count(groups, "SELECT 1 /*a='b',traceparent='00-1'c*/")).toBeNull();
  });

  it("are one set for comments that differ in what differs with every request", () => {
    const groups = new TagGroups();
    const of = (n: number) =>
      groups.of(`SELECT 1 /*a='b',traceparent='0-${n}',tracestate='c%3D${n}',view='v'*/`);
    expect(of(2)).toBe(of(1));
  });

  it("are kept of short comments only, and right of all", () => {
    const groups = new TagGroups();
    const withOf = (length: number) => `SELECT 1 /*a='b',c='${"x".repeat(length)}'*/`;
    expect(groups.of(withOf(100))).toBe(groups.of(withOf(100)));
    const long = groups.of(withOf(600));
    expect(groups.of(withOf(600))).not.toBe(long);
    expect(long?.tags).toEqual([{ key: "a", value: "b", index: expect.any(Number) }]);
    expect(groups.of(withOf(600))?.tags[0]).toBe(long?.tags[0]);
    for (let n = 0; n < 3; n++) count(groups, withOf(600));
    expect(valuesOf(groups)).toEqual({ a: { b: 3 } });
  });

  it("are bounded in keys, in values and in their length", () => {
    const groups = new TagGroups();
    for (let n = 0; n < MAX_TAG_KEYS + 3; n++) count(groups, `SELECT 1 /*key${n}='v'*/`);
    for (let n = 0; n < MAX_TAGS + 100; n++) count(groups, `SELECT 1 /*key0='${n}'*/`);
    count(groups, `SELECT 1 /*key1='${"x".repeat(300)}'*/`);
    groups.flush();
    const state = groups.toJSON();
    expect(state).toHaveLength(MAX_TAG_KEYS);
    expect(state[0]?.[1].groups).toHaveLength(MAX_GROUPS);
    expect(state[0]?.[1].others).toEqual([MAX_TAGS + 100 + 1 - MAX_GROUPS]);
    expect(state[1]?.[1]).toEqual({ groups: [["v", [1]]] });
    expect(groups.list()).toHaveLength(MAX_TAGS);
  });
});
