import type * as z from "zod";
import { isoTime } from "../lib/values.ts";
import type { userSchema } from "./replies.ts";

/** The columns of a `UserRow`, of user `u`. */
export const USER_COLUMNS = `u.id as id, u.name as name, u.email as email, u.email_verified as emailVerified, u.image as image,
  u.created_at as createdAt, u.updated_at as updatedAt`;

/** A person who can sign in, as the database has them. */
export interface UserRow {
  id: string;
  name: string;
  email: string;
  emailVerified: number;
  /** What another service has put there; nothing here does. */
  image: string | null;
  createdAt: number;
  updatedAt: number;
}

/** A person as they see themselves. */
export const toUser = ({
  id,
  name,
  email,
  emailVerified,
  image,
  createdAt,
  updatedAt,
}: UserRow): z.output<typeof userSchema> => ({
  id,
  name,
  email,
  emailVerified: emailVerified === 1,
  image,
  createdAt: isoTime(createdAt),
  updatedAt: isoTime(updatedAt),
});
