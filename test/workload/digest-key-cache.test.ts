import { describe, expect, it } from "vitest";
import type { Template } from "../../src/sql-text/templates.ts";
import { DigestKeyCache } from "../../src/workload/digest-key-cache.ts";

const template = (id: number): Template => ({ id, cacheKey: id, marks: 0 });
const slot = () => ({ isFrequent: true, isLong: false });

describe("the cache of digests by templates", () => {
  it("knows a digest by its template, and not by another that has the same id since", () => {
    const cache = new DigestKeyCache(10);
    const [known, own] = [template(1500), slot()];
    cache.note(known, own);
    expect(cache.slotLike(known)).toBe(own);
    expect(cache.slotLike(template(1500))).toBeNull();
    expect(cache.slotLike(template(3))).toBeNull();
    expect(cache.slotLike(template(1501))).toBeNull();
    expect(cache.slotLike(null)).toBeNull();
  });

  it("does not know a digest that has lost its place", () => {
    const cache = new DigestKeyCache(10);
    const [known, own] = [template(0), slot()];
    cache.note(known, own);
    own.isFrequent = false;
    expect(cache.slotLike(known)).toBeNull();
    own.isLong = true;
    expect(cache.slotLike(known)).toBe(own);
  });

  it("keeps no digests in memory that have lost their places, but for the last few", () => {
    const cache = new DigestKeyCache(10);
    const dropped = Array.from({ length: 256 }, (_, id) => ({ known: template(id), own: slot() }));
    const [kept, ofKept] = [template(256), slot()];
    cache.note(kept, ofKept);
    for (const { known, own } of dropped) cache.note(known, own);
    for (const { own } of dropped) {
      own.isFrequent = false;
      cache.noteDropped();
    }
    // One that is forgotten is not known again, whatever becomes of its digest.
    for (const { known, own } of dropped) {
      own.isFrequent = true;
      expect(cache.slotLike(known)).toBeNull();
    }
    expect(cache.slotLike(kept)).toBe(ofKept);
  });
});
