import { describe, expect, it, vi } from "vitest";
import { joinBytes } from "../../../src/lib/bytes.ts";
import { Fingerprints } from "../../../src/workload/search/fingerprints.ts";
import type { RecordFilter, RecordOrder } from "../../../src/workload/search/record-filter.ts";
import { search } from "../../../src/workload/search/search.ts";
import { BOUNDS, type SearchOptions } from "../../../src/workload/search/search-options.ts";
import { fragmentKey } from "../../../src/workload/stored/keys.ts";
import { ALL, compressed, lineOf, type Memory, metadataOf, type Said, searchAll, stored } from "./support.ts";

const ORDERS: RecordOrder[] = ["oldest", "newest"];

/** Fragments of the general log with these statements, a millisecond apart. */
function statements(...fragments: string[][]): Memory {
  let at = 0;
  return said(...fragments.map((one) => one.map((statement) => ({ at: at++, statement }))));
}

const said = (...fragments: Said[][]): Memory =>
  stored(
    7,
    "general",
    fragments.map((one) => ({ version: 2, pieces: [one.map((each) => lineOf(each, "general", 2))] })),
  );

const statementOf = (json: string): string => JSON.parse(json).statement;

/** One page: the statements, and where it goes on. */
async function pageOf(
  { bucket, manifest }: Memory,
  filter: RecordFilter,
  options: Partial<SearchOptions> = {},
) {
  const page = await search(bucket, manifest, filter, new Fingerprints(), {
    order: "oldest",
    limit: 100,
    place: null,
    ...options,
  });
  return { ...page, statements: page.lines.map(({ json }) => statementOf(json)) };
}

const find = async (memory: Memory, filter: Partial<RecordFilter>) =>
  (await pageOf(memory, { ...ALL, ...filter })).statements;

describe("a text in statements", () => {
  const MEMORY = statements([
    "SELECT 'Ärger' FROM `Größe`",
    "SELECT 'a\"b', 'c\\d'",
    "SELECT 'line\nbreak\ttab\rreturn\u0001\u001f'",
    "SELECT 'ΟΔΟΣ', 'ΟΔΟΣΑ', 'µ'",
    "SELECT '😀 \u2028 \u007f'",
    "SELECT 'cut amid a pair \ud83d",
    "SELECT 'no character \ufffd'",
  ]);

  it.each<[string, number[]]>([
    ["ärger", [0]],
    ["GRÖSSE", []],
    ["GRÖßE`", [0]],
    ["GRÖẞE`", [0]],
    ['A"B', [1]],
    ["C\\D", [1]],
    ["\\d", [1]],
    ['\\"', []],
    ["LINE\nBREAK\tTAB\rRETURN\u0001\u001f", [2]],
    ["\\n", []],
    ["nbreak", []],
    ["u0001", []],
    ["οδος", [3]],
    ["οδοσα", [3]],
    ["ΜΟ", []],
    ["\u03bc'", [3]],
    ["😀 \u2028 \u007f", [4]],
    ["AMID A PAIR \ufffd", [5]],
    ["character \ufffd", [6]],
    ["\ufffd", [5, 6]],
    ["d83d", []],
    ["SELECT", [0, 1, 2, 3, 4, 5, 6]],
    ["s", [0, 1, 2, 3, 4, 5, 6]],
  ])(
    "%j is found where it is, in any case of letters, however JSON writes it",
    async (contains, expected) => {
      const all = await find(MEMORY, {});
      expect(await find(MEMORY, { contains })).toEqual(expected.map((index) => all[index]));
    },
  );

  it("is found in every record where one statement is repeated within one moment", async () => {
    // Lines of 256 bytes: the pieces of 64 KB that are searched are equal.
    const repeated = { at: 0, statement: "SELECT * FROM queue_jobs" };
    const line = lineOf(repeated, "general", 2);
    const statement = repeated.statement.padEnd(repeated.statement.length + 255 - line.length, " x");
    const count = 4096;
    const all = Array.from({ length: count }, () => ({ at: 0, statement }));
    expect(lineOf(all[0] as Said, "general", 2)).toHaveLength(255);
    for (const order of ORDERS) {
      const { found } = await searchAll(
        said(all),
        { ...ALL, contains: "queue_jobs" },
        { order, limits: [1000] },
      );
      expect(found).toHaveLength(count);
    }
  });

  it("is not found in names and other members, nor where it would reach over one into the next", async () => {
    const memory = said([{ at: 0, statement: "SELECT 1", user: "root", host: "select", truncated: true }]);
    for (const contains of ["root", "statement", "threadId", '1","truncated"', '"', "true", "Query", ":"]) {
      expect(await find(memory, { contains }), contains).toEqual([]);
    }
    expect(await find(memory, { contains: "select 1" })).toEqual(["SELECT 1"]);
  });

  it("is found although it looks like members", async () => {
    const memory = statements(['SELECT \'","user":"root","threadId":1,"errno":5,"statement":"\'']);
    expect(await find(memory, { contains: '"statement":"\'' })).toHaveLength(1);
    expect(await find(memory, { user: "root" })).toEqual([]);
    expect(await find(memory, { threadId: 1 })).toEqual([]);
  });

  it("is found wherever it is in what is decompressed piece by piece, and in statements longer than a piece", async () => {
    // Of random letters, so that it does not depend on how well it compresses where pieces begin.
    const noise = (length: number) =>
      Array.from(crypto.getRandomValues(new Uint8Array(length)).toHex().slice(0, length)).join("");
    const all = [70, 1000, 200_000, 300, 600_000, 1, 262_144, 90_000, 2, 80_000, 80_000].map(
      (length, index) =>
        `${noise(Math.min(length, 60_000)).repeat(Math.ceil(length / 60_000))} needle-${index}é`,
    );
    const memory = statements(all);
    for (const [index, statement] of all.entries()) {
      expect(await find(memory, { contains: `NEEDLE-${index}É` })).toEqual([statement]);
    }
    const { found } = await searchAll(memory, ALL, { limits: [1] });
    expect(found.map(statementOf)).toEqual(all);
  });
});

describe("a search", () => {
  it.each(ORDERS)("stops at the limit, and goes on behind it: the %s first", async (order) => {
    const memory = statements(["0", "1", "2"], ["3", "4"]);
    const { found, pages } = await searchAll(memory, ALL, { order, limits: [2] });
    expect(found.map(statementOf)).toEqual(order === "oldest" ? [..."01234"] : [..."43210"]);
    expect(pages).toEqual([2, 2, 1]);
    // A page that ends with the last record has no next one.
    expect((await searchAll(memory, ALL, { order, limits: [5] })).pages).toEqual([5]);
  });

  it.each(ORDERS)("reads no fragment that it does not need: the %s first", async (order) => {
    const memory = statements(["0", "1"], ["2", "3"], ["4", "5"]);
    const { next } = await pageOf(memory, ALL, { order, limit: 2 });
    expect(memory.reads).toHaveLength(1);
    await pageOf(memory, ALL, { order, limit: 2, place: next });
    expect(memory.reads).toHaveLength(2);
  });

  it("gives no more bytes than a reply may have, but one record of any size", async () => {
    const long = (index: number) => `${index}${"é".repeat(1000)}`;
    const memory = statements([long(0), long(1), long(2)], [long(3)]);
    for (const order of ORDERS) {
      const few = await searchAll(memory, ALL, { order, bounds: { ...BOUNDS, replyBytes: 4500 } });
      expect(few.pages).toEqual([2, 2]);
      const one = await searchAll(memory, ALL, { order, bounds: { ...BOUNDS, replyBytes: 10 } });
      expect(one.pages).toEqual([1, 1, 1, 1]);
      expect(one.found).toEqual(few.found);
    }
  });

  it("looks at no more than one request may, and goes on with nothing found", async () => {
    const memory = statements(...Array.from({ length: 9 }, (_, index) => [`${index}${"x".repeat(1000)}`]));
    const filter = { ...ALL, contains: "8xxx" };
    const scanned = await searchAll(memory, filter, { bounds: { ...BOUNDS, scannedBytes: 2000 } });
    expect(scanned.pages).toEqual([0, 0, 0, 0, 1]);
    const read = await searchAll(memory, filter, { bounds: { ...BOUNDS, fragments: 4 } });
    expect(read.pages).toEqual([0, 0, 1]);
    expect(read.found.map(statementOf)).toEqual(scanned.found.map(statementOf));
  });

  it("stops reading when nobody waits for it any more", async () => {
    const memory = statements(["0"], ["1"], ["2"], ["3"]);
    const leaving = new AbortController();
    const { get } = memory.bucket;
    memory.bucket.get = ((key: string, options: R2GetOptions) => {
      if (memory.reads.length === 1) leaving.abort();
      return get(key, options);
    }) as R2Bucket["get"];
    for (const order of ORDERS) {
      memory.reads.length = 0;
      await pageOf(memory, { ...ALL, contains: "nothing" }, { order, signal: leaving.signal });
      expect(memory.reads.length).toBeLessThanOrEqual(2);
    }
  });

  it("retries a fragment once that R2 fails to give for a transient reason, and fails when R2 is away", async () => {
    const memory = statements(["0"], ["1"]);
    const { get } = memory.bucket;
    let failures = 1;
    memory.bucket.get = ((key: string, options: R2GetOptions) => {
      if (failures-- > 0) throw new Error("get: We encountered an internal error. Please try again. (10001)");
      return get(key, options);
    }) as R2Bucket["get"];
    expect(await find(memory, {})).toEqual(["0", "1"]);
    failures = 2;
    await expect(find(memory, {})).rejects.toThrow("internal error");
  });
});

describe("a search by a table", () => {
  const PLAIN = "INSERT INTO t VALUES (1, 2), (1, 3)";
  const READS = "INSERT INTO t VALUES (1, 2), (1, (SELECT x FROM c))";
  const NAMES = "INSERT INTO t VALUES (1, 2), (1, 'c')";

  it.each([[[PLAIN, READS, NAMES]], [[READS, NAMES, PLAIN]], [[NAMES, PLAIN, READS]]])(
    "finds the statements that have it, whatever others of their fingerprint have: %#",
    async (all) => {
      expect(await find(statements(all), { table: "c" })).toEqual([READS]);
      expect(await find(statements(all), { table: "t" })).toEqual(all);
    },
  );
});

describe("a search by what fragments say of themselves", () => {
  it("reads those only that may have it", async () => {
    const memory = said(
      ...Array.from({ length: 100 }, (_, index): Said[] => [
        { at: index, statement: `SELECT ${index} FROM t${index}`, user: `u${index}`, threadId: index * 100 },
      ]),
    );
    const { fingerprint } = JSON.parse(lineOf({ at: 0, statement: "SELECT 1 FROM t42" }, "general", 2));
    for (const filter of [
      { fingerprint },
      { table: "T42" },
      { table: "shop.t42" },
      { user: "u42" },
      { threadId: 4200 },
    ]) {
      memory.reads.length = 0;
      const expected = "table" in filter && filter.table === "shop.t42" ? [] : ["SELECT 42 FROM t42"];
      expect(await find(memory, filter)).toEqual(expected);
      expect(memory.reads).toEqual([fragmentKey(7, 42, "general")]);
    }
  });

  it("reads of the slow log those only whose statements took so long, or failed", async () => {
    const memory = stored(
      7,
      "slow",
      [5000, 90_000, 70].map((durationMicros, at) => {
        const errno = at === 2 ? 1064 : 0;
        return {
          version: 2,
          pieces: [[lineOf({ at, statement: `${at}`, durationMicros, errno }, "slow", 2)]],
        };
      }),
    );
    expect(await find(memory, { minDurationMicros: 5001 })).toEqual(["1"]);
    expect(memory.reads).toEqual([fragmentKey(7, 1, "slow")]);
    memory.reads.length = 0;
    expect(await find(memory, { errors: true })).toEqual(["2"]);
    expect(memory.reads).toEqual([fragmentKey(7, 2, "slow")]);
    expect(await find(memory, { minDurationMicros: 0 })).toEqual(["0", "1", "2"]);
  });
});

describe("a search of a workload that has lost fragments", () => {
  const errors = () => vi.spyOn(console, "error").mockImplementation(() => {});

  it.each(ORDERS)(
    "says once what is missing, where it has passed it, and finds the rest: the %s first",
    async (order) => {
      const logged = errors();
      const memory = statements(["0", "1"], ["2"], ["3"], ["4", "5"], ["6"]);
      for (const sequence of [1, 2, 4]) memory.objects.delete(fragmentKey(7, sequence, "general"));
      for (const limit of [1, 2, 3, 100]) {
        const { found, missing } = await searchAll(memory, ALL, { order, limits: [limit] });
        expect(found.map(statementOf)).toEqual(order === "oldest" ? [..."0145"] : [..."5410"]);
        expect(missing).toEqual(order === "oldest" ? [2, 1] : [1, 2]);
      }
      expect(logged).toHaveBeenCalled();
      const { missing } = await pageOf(memory, ALL);
      expect(missing[0]).toEqual({
        fragments: 2,
        afterMicros: expect.any(Number),
        beforeMicros: expect.any(Number),
      });
    },
  );

  it("says that of one that is damaged, in what is found of which nothing is lost before that", async () => {
    errors();
    const many = Array.from({ length: 3000 }, (_, index) => `${index} ${crypto.randomUUID()}`);
    const memory = statements(["first"], many, ["last"]);
    const key = fragmentKey(7, 1, "general");
    const object = memory.objects.get(key) as NonNullable<ReturnType<Memory["objects"]["get"]>>;
    const half = object.bytes.length / 2;
    for (const bytes of [object.bytes.fill(255, half, half + 100), object.bytes.fill(0, half)]) {
      memory.objects.set(key, { ...object, bytes });
      for (const order of ORDERS) {
        const { found, missing } = await searchAll(memory, ALL, { order, limits: [1000] });
        const statements = found.map(statementOf);
        expect(new Set([statements[0], statements.at(-1)])).toEqual(new Set(["first", "last"]));
        expect(missing).toEqual([1]);
      }
    }
  });

  it("says that of one that is lost while it searches, and of one that is lost between two pages", async () => {
    errors();
    const memory = statements(["0"], ["1"], ["2"]);
    const { get } = memory.bucket;
    const key = fragmentKey(7, 1, "general");
    memory.bucket.get = ((asked: string, options: R2GetOptions) =>
      asked === key ? Promise.resolve(null) : get(asked, options)) as R2Bucket["get"];
    const { found, missing } = await searchAll(memory, ALL);
    expect([found.map(statementOf), missing]).toEqual([["0", "2"], [1]]);
    memory.bucket.get = get;
    for (const order of ORDERS) {
      const { next } = await pageOf(memory, ALL, { order, limit: 1 });
      const object = memory.objects.get(key) as NonNullable<ReturnType<Memory["objects"]["get"]>>;
      memory.objects.delete(key);
      const rest = await pageOf(memory, ALL, { order, place: next });
      expect(rest.statements).toEqual([order === "oldest" ? "2" : "0"]);
      expect(rest.missing).toHaveLength(1);
      memory.objects.set(key, object);
    }
  });
});

describe("a search of a running capture", () => {
  /** Adds a piece to the last fragment, as the next step of its runner does. */
  function grow({ objects, manifest }: Memory, all: string[][], version: 1 | 2): void {
    const pieces = all.map((lines) => compressed(lines, version));
    const key = fragmentKey(7, manifest.fragments - 1, "general", version);
    const bytes = joinBytes(pieces);
    manifest.storedBytes += bytes.length - (objects.get(key)?.bytes.length ?? 0);
    objects.set(key, { bytes, customMetadata: metadataOf(all.flat(), version) });
    if (manifest.lastFragment !== undefined) {
      const plainBytes = new TextEncoder().encode(
        all
          .flat()
          .map((line) => `${line}\n`)
          .join(""),
      ).length;
      manifest.lastFragment = { bytes: bytes.length, plainBytes, crc32: 0 };
    }
  }

  it.each([1, 2] as const)(
    "gives nothing twice and leaves nothing out while its last fragment, of version %i, grows between pages",
    async (version) => {
      const line = (at: number) => lineOf({ at, statement: `${at}` }, "general", version);
      const first = [line(1), line(2), line(3)];
      const begun = () =>
        stored(7, "general", [
          { version, pieces: [[line(0)]] },
          { version, pieces: [first] },
        ]);
      for (const limit of [1, 2, 3, 4, 5]) {
        const memory = begun();
        const page = await pageOf(memory, ALL, { limit });
        grow(memory, [first, [line(4), line(5)]], version);
        // At the end of what there was, there was nothing to go on to.
        const rest = page.next === null ? [] : (await pageOf(memory, ALL, { place: page.next })).statements;
        const expected = ["0", "1", "2", "3", ...(page.next === null ? [] : ["4", "5"])];
        expect([...page.statements, ...rest]).toEqual(expected);
        expect(page.next === null).toBe(limit >= 4);
      }
      for (const limit of [1, 2, 3]) {
        const memory = begun();
        const page = await pageOf(memory, ALL, { order: "newest", limit });
        grow(memory, [first, [line(4), line(5)]], version);
        const rest = await pageOf(memory, ALL, { order: "newest", place: page.next });
        expect([...page.statements, ...rest.statements]).toEqual(["3", "2", "1", "0"]);
      }
    },
  );
});
