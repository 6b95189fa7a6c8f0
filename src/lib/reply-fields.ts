import * as z from "zod";

/*
 * Fields that many replies have, for the rooms' replies.ts. Those files hold the shape of every reply once: the types that the
 * code answers with are inferred from them, and the API's description is made of them. The Worker imports only their types, so
 * that they cost it neither bytes nor time at its start.
 */

/** A moment, ISO 8601 in UTC. */
export const time = (description: string) => z.string().meta({ format: "date-time", description });

/** A moment, or null. */
export const timeOrNull = (description: string) => z.nullable(time(description));

/** The id of a row. */
export const id = (description: string) => z.int().positive().meta({ description });

/** How many there are of something. */
export const count = (description: string) => z.int().nonnegative().meta({ description });

/** Text. */
export const text = (description: string) => z.string().meta({ description });

/** Text, or null. */
export const textOrNull = (description: string) => z.nullable(z.string()).meta({ description });
