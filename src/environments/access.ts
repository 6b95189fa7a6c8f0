import { callerStatement } from "../db/caller.ts";
import { isAtLeast, type Role } from "../db/roles.ts";
import { unknownCaller } from "../http/authentication.ts";
import { type AppContext, noteCaller } from "../http/context.ts";
import { readId } from "../http/input.ts";
import { type ApiError, refuse } from "../http/refusals.ts";
import { type AdminOutcome, type EnvironmentRow, readEnvironment, type Standing } from "./store.ts";

/*
 * What a caller may see and change of an environment, as a refusal where it is not allowed.
 */

/**
 * Reads the environment in the request's path.
 * @throws ApiError 401 for nobody, 404 when it does not exist or the caller is no member of it
 */
export async function readVisible(c: AppContext): Promise<EnvironmentRow> {
  const id = await readId(c);
  return visible(await readEnvironment(c.var.db, c.var.credential, id, Date.now()));
}

/**
 * The same, for what a viewer may not do.
 * @throws ApiError as `readVisible`; 403 to a viewer
 */
export async function readAsMember(c: AppContext): Promise<EnvironmentRow> {
  const environment = await readVisible(c);
  if (!isAtLeast(environment.role, "member")) throw refuse.viewerMayNotChange();
  return environment;
}

const CALLER = callerStatement("select caller.id as caller from caller");

/**
 * Makes sure that somebody is signed in, for what reads nothing else of the database.
 * @throws ApiError 401 for nobody
 */
export async function requireCaller(c: AppContext): Promise<void> {
  const found = await CALLER(c.var.db, c.var.credential, Date.now()).first<{ caller: string }>();
  if (found === null) throw unknownCaller();
  noteCaller(found.caller);
}

/**
 * An environment that was read, or the caller's standing in one, for a caller who may see it.
 * @throws ApiError as `readVisible`
 */
export function visible<T extends NonNullable<Standing>>(found: T | null): T & { role: Role } {
  if (found === null) throw unknownCaller();
  noteCaller(found.caller);
  const { role } = found;
  if (role === null) throw refuse.environmentNotFound();
  return { ...found, role };
}

/** The refusal of a change that was not made; `refused` makes the one for what only the change's own guard forbids. */
export function notChanged(outcome: Exclude<AdminOutcome, "changed">, refused: () => ApiError): ApiError {
  switch (outcome) {
    case "unauthenticated":
      return unknownCaller();
    case "not-found":
      return refuse.environmentNotFound();
    case "forbidden":
      return refuse.notAdmin();
    case "refused":
      return refused();
  }
}

/** Throws the refusal that `notChanged` makes, unless the change was made. */
export function requireChanged(outcome: AdminOutcome, refused: () => ApiError): void {
  if (outcome !== "changed") throw notChanged(outcome, refused);
}
