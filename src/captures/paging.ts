import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { idSchema } from "../lib/values.ts";

/*
 * The orders of a list of captures, and where a page of it begins. A cursor has what the order goes by of the last capture of the
 * page before, so that pages go on rightly when that capture is changed or deleted meanwhile.
 */

/** The orders: by when captures were made, when they began or are to begin, or their names; with a hyphen backwards. */
export const SORTS = ["-created", "created", "-start", "start", "-name", "name"] as const;
/** One of the orders. */
export type Sort = (typeof SORTS)[number];

/** What an order goes by: a column of the table, besides the id. */
export const SORT_COLUMN = { created: null, start: "begins_at", name: "name" } as const;
/** A sort without its direction. */
export type SortKey = keyof typeof SORT_COLUMN;

/** What a sort goes by, and whether backwards. */
export const orderOf = (sort: Sort): { by: SortKey; isDescending: boolean } => ({
  by: sort.replace(/^-/, "") as SortKey,
  isDescending: sort.startsWith("-"),
});

/** Where a page begins: after the capture of this id, which has this value of the column that the order goes by. */
export interface Position {
  id: number;
  /** Null where the order goes by the id alone. */
  value: number | string | null;
}

/** What `cursorOf` makes for an order that does not go by the id alone. */
const CURSOR = /^[1-9][0-9]{0,15}\.[\w-]{1,600}$/;

/** A cursor: an id, which is read as a number, or what `cursorOf` makes for the other orders. */
export const cursorSchema = lazy(() =>
  z.string().transform((text, ctx): number | string => {
    if (CURSOR.test(text)) return text;
    const id = idSchema().safeParse(text);
    if (id.success) return id.data;
    for (const { message } of id.error.issues) ctx.addIssue({ code: "custom", message });
    return z.NEVER;
  }),
);

/** The cursor of a page that goes on after a position. */
export const cursorOf = ({ id, value }: Position): string =>
  value === null
    ? String(id)
    : `${id}.${new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true })}`;

/** The position that a cursor says, null when it is not one of this order. */
export function positionOf(sort: Sort, cursor: string | number): Position | null {
  const { by } = orderOf(sort);
  if (typeof cursor === "number") return by === "created" ? { id: cursor, value: null } : null;
  const [id, encoded] = cursor.split(".") as [string, string];
  if (by === "created" || !Number.isSafeInteger(Number(id))) return null;
  const value = decode(encoded);
  return typeof value === (by === "name" ? "string" : "number") ? { id: Number(id), value } : null;
}

function decode(text: string): Position["value"] {
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" })));
  } catch {
    return null;
  }
}
