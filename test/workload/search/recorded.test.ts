import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { isTable, tablesOf } from "../../../src/sql-text/tables.ts";
import { beginFollowing, follow } from "../../../src/workload/collecting/follower.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { type AnyRecord, Fingerprints } from "../../../src/workload/search/fingerprints.ts";
import type { RecordFilter } from "../../../src/workload/search/record-filter.ts";
import { search } from "../../../src/workload/search/search.ts";
import { fragmentStore } from "../../../src/workload/stored/fragments.ts";
import { emptyManifest } from "../../../src/workload/stored/manifest.ts";
import { generatedText } from "../../local-aws/logs/workload.ts";
import { START } from "../../support/stored-workload.ts";
import { fixedLog } from "../support.ts";
import { ALL } from "./support.ts";

const CAPTURE = 800_000;

describe("a search of what a follower has recorded", () => {
  it("finds all that there is of every value, by the fragments' summaries", async () => {
    const window = { from: START, to: START + 120_000 };
    const text = generatedText({ instance: "i", engine: "mysql", seed: 7, rate: 40, ...window });
    const source = fixedLog([{ name: "general/mysql-general.log", text, lastWritten: window.to }]);
    const store = fragmentStore(env.BUCKET, CAPTURE, "general");
    const all = { start: 0, end: null };
    const begun = await beginFollowing(source, emptyManifest(CAPTURE, "secrets", "general"), all, true);
    if (!begun.ok) throw new Error(begun.failure.message);
    const stepped = await follow(begun.value, { digests: new Digests() }, source, store, async () => all);
    if (!stepped.ok) throw new Error(stepped.failure.message);
    const { manifest } = stepped.value.state;
    const find = async (filter: Partial<RecordFilter>) => {
      const options = { order: "oldest", limit: 100_000, place: null } as const;
      const { lines } = await search(
        env.BUCKET,
        manifest,
        { ...ALL, ...filter },
        new Fingerprints(),
        options,
      );
      return lines.map(({ json }) => JSON.parse(json) as AnyRecord);
    };
    const records = await find({});
    expect(records.length).toBe(manifest.records);
    expect(records.length).toBeGreaterThan(3000);
    for (const name of ["user", "host", "db", "threadId", "fingerprint"] as const) {
      const values = new Set(records.map((record) => record[name]).filter((value) => value != null));
      expect(values.size).toBeGreaterThan(0);
      for (const value of [...values].slice(0, 40)) {
        const found = await find({ [name]: value });
        expect(found, `${name} ${value}`).toEqual(records.filter((record) => record[name] === value));
      }
    }
    const ran = records.filter(({ fingerprint }) => fingerprint !== undefined);
    for (const table of ["orders", "customers", "shop.orders", "none"]) {
      const expected = ran.filter(({ statement, db = null }) => {
        const { reads, writes } = tablesOf(statement);
        return [...reads, ...writes].some((one) => isTable(one, table, db));
      });
      expect(await find({ table }), table).toEqual(expected);
    }
  });
});
