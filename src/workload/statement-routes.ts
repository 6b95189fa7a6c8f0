import { Hono } from "hono";
import type { App, AppContext } from "../http/context.ts";
import { readId, readParam, readQuery } from "../http/input.ts";
import { csvHeaders, toCsv } from "../lib/csv.ts";
import type { LogName } from "../logs/names.ts";
import type { DigestsState } from "./digests-state.ts";
import type { GroupsState } from "./groups/groups.ts";
import { keysOf, toGroups, toTables } from "./groups/shown.ts";
import { type FindCapture, readDigests } from "./live-or-stored.ts";
import { refuseWorkload } from "./refusals.ts";
import { digestQuerySchema, fingerprintSchema, groupsQuerySchema, tagsQuerySchema } from "./schema.ts";
import { DIGEST_COLUMNS, GROUP_COLUMNS, TABLE_COLUMNS, withOthers } from "./tables.ts";
import type { DigestOrder } from "./timing/order.ts";
import { toDigest, toDigests, withoutExamples } from "./to-reply.ts";

/** In which order statements are shown unless somebody says it. */
const orderOf = (log: LogName | "both"): DigestOrder => (log === "general" ? "calls" : "time");

/**
 * `/api/captures/{id}/workload`: the statements of a capture, and its figures by what they say, for who may read the capture.
 */
export const statementRoutes = (findCapture: FindCapture) => {
  /** Answers with the figures by one kind of group. */
  const groups = async (
    c: AppContext,
    id: number,
    format: "json" | "csv",
    what: string,
    kind: (state: DigestsState) => GroupsState | undefined,
  ) => {
    const shown = toGroups(await readDigests(await findCapture(c, id, "workload.read")), kind);
    if (format === "json") return c.json(shown);
    return c.body(toCsv(GROUP_COLUMNS, withOthers(shown)), 200, csvHeaders(`capture-${id}-${what}`));
  };
  return new Hono<App>()
    .get("/digest", async (c) => {
      const id = await readId(c);
      const { limit, order, cursor, format, ...filter } = await readQuery(c, digestQuerySchema());
      const capture = await findCapture(c, id, "workload.read");
      const digests = await readDigests(capture);
      const isFiltered = Object.values(filter).some((asked) => asked !== undefined);
      const { readsStatements } = capture;
      const selection = { after: cursor, ...(isFiltered && { filter: { ...filter, readsStatements } }) };
      const ranked = toDigests(digests, order ?? orderOf(capture.log), limit, selection);
      const shown = readsStatements ? ranked : ranked.map(withoutExamples);
      if (format === "json") return c.json(shown);
      return c.body(toCsv(DIGEST_COLUMNS, shown), 200, csvHeaders(`capture-${id}-statements`));
    })

    .get("/digest/:fingerprint", async (c) => {
      const id = await readId(c);
      const fingerprint = await readParam(c, "fingerprint", fingerprintSchema());
      const capture = await findCapture(c, id, "workload.read");
      const found = toDigest(await readDigests(capture), fingerprint);
      if (found === null) throw refuseWorkload.statementNotFound();
      return c.json(capture.readsStatements ? found : withoutExamples(found));
    })

    .get("/tables", async (c) => {
      const id = await readId(c);
      const { format } = await readQuery(c, groupsQuerySchema());
      const shown = toTables(await readDigests(await findCapture(c, id, "workload.read")));
      if (format === "json") return c.json(shown);
      return c.body(toCsv(TABLE_COLUMNS, withOthers(shown)), 200, csvHeaders(`capture-${id}-tables`));
    })

    .get("/users", async (c) => {
      const id = await readId(c);
      const { format } = await readQuery(c, groupsQuerySchema());
      return groups(c, id, format, "users", ({ users }) => users);
    })

    .get("/hosts", async (c) => {
      const id = await readId(c);
      const { format } = await readQuery(c, groupsQuerySchema());
      return groups(c, id, format, "hosts", ({ hosts }) => hosts);
    })

    .get("/tags", async (c) => {
      const id = await readId(c);
      const { key, format } = await readQuery(c, tagsQuerySchema());
      return groups(c, id, format, "tags", ({ tagged }) =>
        key === undefined ? keysOf(tagged) : tagged?.find(([one]) => one === key)?.[1],
      );
    });
};
