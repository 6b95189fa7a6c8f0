import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import envPaths from "env-paths";
import { KEY_SCOPES, type KeyScope } from "../db/key-scopes.ts";
import { EXIT, Failure } from "./failure.ts";
import { writeFailure } from "./files/write-failure.ts";
import { readKey } from "./key.ts";

/** Where somebody is signed in: the service's origin, and the API key. */
export interface Login {
  url: string;
  key: string;
  /** Whose key it is; null where only the key was given. */
  user: { name: string; email: string } | null;
  /** Until when the key is valid, in ISO 8601; null where that is not known. */
  expiresAt: string | null;
  /** What the key may do; null where that is not known. */
  scope: KeyScope | null;
}

/** Of the file, so that a later version can read it. */
const VERSION = 1;

type Environment = Readonly<Record<string, string | undefined>>;

/** The file that holds the key, where the operating system has a user's settings; CAPTURES_CONFIG_DIR is another folder. */
export function loginFile(env: Environment): string {
  return join(env.CAPTURES_CONFIG_DIR ?? envPaths("captures", { suffix: "" }).config, "login.json");
}

/**
 * Where somebody is signed in; null when nobody is.
 * @throws Failure when the file is not ours, or of a newer version
 */
export function readLogin(env: Environment): Login | null {
  const file = loginFile(env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Failure(`${file} can't be read: ${(error as Error).message}`);
  }
  const login = parseLogin(text);
  if (login === null)
    throw new Failure(`${file} is not readable by this version`, EXIT.failed, "captures logout removes it.");
  return login;
}

function parseLogin(text: string): Login | null {
  try {
    const stored: unknown = JSON.parse(text);
    if (!isRecord(stored)) return null;
    const { version, url, key, user, expiresAt, scope } = stored;
    if (version !== VERSION || typeof url !== "string" || typeof key !== "string") return null;
    return {
      url,
      key: readKey(key, "The kept key"),
      user: userIn(user),
      expiresAt: typeof expiresAt === "string" ? expiresAt : null,
      // Absent in the file of an earlier version.
      scope: KEY_SCOPES.find((one) => one === scope) ?? null,
    };
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function userIn(value: unknown): Login["user"] {
  if (!isRecord(value)) return null;
  const { name, email } = value;
  return typeof name === "string" && typeof email === "string" ? { name, email } : null;
}

/**
 * Stores where somebody is signed in, readable by them alone. A crash leaves the old file or the new one.
 * @throws Failure when it can't be written
 */
export function writeLogin(env: Environment, login: Login): string {
  const file = loginFile(env);
  const folder = join(file, "..");
  const next = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(next, `${JSON.stringify({ version: VERSION, ...login })}\n`, { mode: 0o600 });
      chmodSync(next, 0o600);
      renameSync(next, file);
    } catch (error) {
      // There is a key in it.
      rmSync(next, { force: true });
      throw error;
    }
  } catch (error) {
    throw writeFailure(file, error);
  }
  return file;
}

/**
 * Forgets the key, also one in a file that can't be read.
 * @throws Failure when the file can't be removed
 */
export function removeLogin(env: Environment): void {
  const file = loginFile(env);
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw new Failure(`${file} can't be removed: ${(error as Error).message}`);
  }
}
