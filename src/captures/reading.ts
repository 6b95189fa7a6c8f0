import { writeSession } from "../db/session.ts";
import { hasEnded } from "../db/states.ts";
import { type Env, positiveNumber } from "../env.ts";
import { isKnown, OF_ONE, OF_PAGE, unlessKnown } from "../http/conditional.ts";
import type { AppContext } from "../http/context.ts";
import { readId, readQuery, refuseInput } from "../http/input.ts";
import { linkToNext } from "../http/next-page.ts";
import { refuse } from "../http/refusals.ts";
import { see } from "./access.ts";
import type { CaptureRow, FullCaptureRow } from "./capture-row.ts";
import { captureTag, fullCaptureTag, fullPageTag, pageTag } from "./etags.ts";
import { type ListedRow, listCaptures } from "./listing.ts";
import { cursorOf, orderOf, positionOf, type Sort } from "./paging.ts";
import { readCapture, readFullCapture } from "./queries.ts";
import { refuseCapture } from "./refusals.ts";
import { getSchema, listSchema } from "./schema.ts";
import { toCapture, toFullCapture } from "./to-reply.ts";
import { waitForChange } from "./waiting.ts";

/* What GET answers: a page of captures, and one of them; as the specification shows them, or with `view=full` all that is known. */

const DAY_MS = 24 * 60 * 60 * 1000;
/** The data of a capture that was deleted so long ago less this may be erased at any moment: it is not brought back any more. */
const ERASED_SOON_MS = 60_000;

/** How long a deleted capture can be brought back, in milliseconds. */
export const restorableFor = (env: Env): number =>
  positiveNumber(env, "DELETED_RETENTION_DAYS") * DAY_MS - ERASED_SOON_MS;

/** The specification lists the id of the path as a parameter of the query too: who sends it there as well is not wrong. */
export const ID_IN_QUERY = "id";

/** `GET /api/captures`. */
export async function answerList(c: AppContext): Promise<Response> {
  const { limit, sort = "-created", cursor, view, ...filter } = await readQuery(c, listSchema());
  const after = cursor === undefined ? null : positionOf(sort, cursor);
  if (cursor !== undefined && after === null) return refuseInput(c, refuseCapture.cursorOfAnotherOrder());
  const isFull = view === "full";
  // One more than the page, to know whether there is another.
  const request = { ...filter, sort, after, isFull, limit: limit + 1 };
  const page = await listCaptures(c.get("db"), c.get("credential"), request, Date.now());
  const captures = see(page, refuse.environmentNotFound);
  const last = captures.length > limit ? captures[limit - 1] : undefined;
  const headers = { ...linkToNext(c.req.url, last && cursorAfter(sort, last)), ...OF_PAGE };
  const shown = captures.slice(0, limit);
  if (isFull) {
    const full = shown as FullCaptureRow[];
    const tag = await fullPageTag(full, last !== undefined);
    const keptFor = restorableFor(c.env);
    return unlessKnown(c, tag, headers, () => JSON.stringify(full.map((row) => toFullCapture(row, keptFor))));
  }
  const tag = await pageTag(shown, last !== undefined);
  return unlessKnown(c, tag, headers, () => JSON.stringify(shown.map(toCapture)));
}

/** The cursor of the page after a capture. */
function cursorAfter(sort: Sort, { id, name, beginsAt }: ListedRow): string {
  const values = { created: null, start: beginsAt, name };
  return cursorOf({ id, value: values[orderOf(sort).by] });
}

/** A capture as it was read for a request, with its tag. */
interface Read {
  capture: CaptureRow & { deletedAt?: number | null };
  tag: string;
  body: () => string;
}

/** `GET /api/captures/{id}`. */
export async function answerOne(c: AppContext): Promise<Response> {
  const id = await readId(c);
  const { view, wait = 0 } = await readQuery(c, getSchema(), ID_IN_QUERY);
  const read = () => (view === "full" ? readFull(c, id) : readPlain(c, id));
  const first = await read();
  if (wait === 0 || !mayChange(c, first)) return unlessKnown(c, first.tag, OF_ONE, first.body);
  const { status, deletedAt = null } = first.capture;
  await waitForChange(c.env, id, { status, deletedAt }, wait * 1000);
  // The replica that has answered at first may not have heard of the change yet.
  c.set("db", writeSession(c.env.DB));
  const { tag, body } = await read();
  return unlessKnown(c, tag, OF_ONE, body);
}

/** Whether there is something to wait for: neither has the capture ended, nor changed since the client has seen it. */
function mayChange(c: AppContext, { capture, tag }: Read): boolean {
  const known = c.req.header("if-none-match");
  return !hasEnded(capture.status) && (known === undefined || isKnown(known, tag));
}

async function readPlain(c: AppContext, id: number): Promise<Read> {
  const found = await readCapture(c.get("db"), c.get("credential"), id, Date.now());
  const capture = see(found, refuseCapture.captureEnvironmentNotFound);
  return { capture, tag: captureTag(capture), body: () => JSON.stringify(toCapture(capture)) };
}

async function readFull(c: AppContext, id: number): Promise<Read> {
  const keptFor = restorableFor(c.env);
  const found = await readFullCapture(c.get("db"), c.get("credential"), id, keptFor, Date.now());
  const capture = see(found, refuseCapture.captureEnvironmentNotFound);
  const tag = await fullCaptureTag(capture);
  return { capture, tag, body: () => JSON.stringify(toFullCapture(capture, keptFor)) };
}
