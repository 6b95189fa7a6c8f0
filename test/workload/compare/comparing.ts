import { beforeAll } from "vitest";
import type { ShownStatement } from "../../../src/workload/compare/replies.ts";
import { type Cast, createCast } from "../../support/api.ts";
import { compare, type Ran, type Recorded, recorded } from "./support.ts";

/** The digests of statements, in their order. */
export const digestsOf = (statements: readonly ShownStatement[]) => statements.map(({ digest }) => digest);

/** Comparisons of captures that are stored for a test file, by a cast of its own. */
export function comparing() {
  let cast: Cast;
  beforeAll(async () => {
    cast = await createCast();
  });
  const capture = (stored: Recorded) => recorded(cast, stored);

  /** The comparison of a capture with a base. */
  async function compared(base: Recorded, other: Recorded, query = "") {
    const [baseId, id] = [await capture(base), await capture(other)];
    return { ...(await compare(cast.member, id, baseId, query)), baseId, id };
  }

  /** The comparison of one statement that both have. */
  async function changeOf(base: Partial<Ran>, other: Partial<Ran>, recordedOf: [Recorded?, Recorded?] = []) {
    const of = (ran: Partial<Ran>) => [{ sql: "SELECT 1", calls: 200, ...ran }];
    const { changed } = await compared(
      { slow: of(base), ...recordedOf[0] },
      { slow: of(other), ...recordedOf[1] },
      "&minChange=0",
    );
    return changed[0] as ShownStatement;
  }

  return { capture, compared, changeOf, cast: () => cast };
}
