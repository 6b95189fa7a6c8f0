import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { idSchema, limitSchema, once } from "../../lib/values.ts";
import { tableFormatSchema } from "../schema.ts";
import { CHANGES, COMPARED_ORDERS, PARTS, type Part } from "./names.ts";

const MIN_CALLS = "must be a whole number, such as 10";
const MIN_CHANGE = "must be a number from 0 to 1000, such as 0.2 for a fifth";
const oneOf = <Word extends string>(words: readonly Word[]) =>
  z.enum(words, `must be one of ${words.join(", ")}`);

/** Where a page of statements goes on: after this one, or where it was if it is there no more. */
export interface CompareCursor {
  part: Part;
  /** How many statements stand before. */
  position: number;
  fingerprint: string;
}

const CURSOR = new RegExp(`^(${PARTS.join("|")})\\.(\\d{1,6})\\.([0-9a-f]{16})$`);

/** Reads a cursor, which was checked by the query's schema. */
export function parseCursor(text: string): CompareCursor {
  const [, part, position, fingerprint] = CURSOR.exec(text) as unknown as [string, Part, string, string];
  return { part, position: Number(position), fingerprint };
}

/** A cursor as it is shown. */
export const cursorText = ({ part, position, fingerprint }: CompareCursor): string =>
  `${part}.${position}.${fingerprint}`;

/** The query of GET /api/captures/{id}/workload/compare. */
export const compareQuerySchema = lazy(() =>
  z
    .strictObject({
      with: once(idSchema()).unwrap(),
      minCalls: once(
        z
          .string()
          .regex(/^\d{1,12}$/, MIN_CALLS)
          .transform(Number),
      ).default(1),
      minChange: once(
        z
          .string()
          .regex(/^\d{1,4}(\.\d{1,6})?$/, MIN_CHANGE)
          .transform(Number)
          .pipe(z.number().max(1000, MIN_CHANGE)),
      ).default(0.2),
      order: once(oneOf(COMPARED_ORDERS)),
      change: once(oneOf(CHANGES)),
      limit: once(limitSchema()),
      cursor: once(z.string().regex(CURSOR, "must be one of next")),
      format: tableFormatSchema(),
    })
    .refine(
      ({ format, limit, cursor }) => format === "json" || (limit === undefined && cursor === undefined),
      {
        path: ["format"],
        message: "csv has all statements: leave limit and cursor out",
      },
    ),
);

/** What a comparison is asked for. */
export type CompareQuery = z.output<ReturnType<typeof compareQuerySchema>>;
