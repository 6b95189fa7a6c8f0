/*
 * The roles of an environment's members, and how SQL asks for them. This knows nothing of Workers: the API reference, the client and
 * the console use it too.
 */

/**
 * What a member may do, the most first: an admin changes the environment, its members and anybody's captures; a member makes captures
 * and reads all that they recorded; a viewer reads figures, and changes nothing.
 */
export const ROLES = ["admin", "member", "viewer"] as const;
/** A member's role. */
export type Role = (typeof ROLES)[number];

/** The roles that may do what a role may. */
const orHigher = (role: Role): readonly Role[] => ROLES.slice(0, ROLES.indexOf(role) + 1);

/** Whether a role may do what another may; null is that of nobody. */
export const isAtLeast = (role: Role | null, needed: Role): boolean =>
  role !== null && orHigher(needed).includes(role);

/**
 * Whether a row of `members` has a role or one that may do more, in SQL.
 * @param member what the row is called
 */
export const hasRole = (needed: Role, member = "m"): string =>
  `${member}.role in (${orHigher(needed)
    .map((role) => `'${role}'`)
    .join(", ")})`;
