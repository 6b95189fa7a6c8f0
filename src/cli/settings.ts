import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import envPaths from "env-paths";
import { Failure } from "./failure.ts";

/** Where somebody is signed in: the service's origin, and the API key. */
export interface Login {
  url: string;
  key: string;
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
  if (login === null) throw new Failure(`${file} is not readable by this version; sign in again`);
  return login;
}

function parseLogin(text: string): Login | null {
  try {
    const stored: unknown = JSON.parse(text);
    if (typeof stored !== "object" || stored === null) return null;
    const { version, url, key } = stored as Record<string, unknown>;
    return version === VERSION && typeof url === "string" && typeof key === "string" ? { url, key } : null;
  } catch {
    return null;
  }
}

/** Stores where somebody is signed in, readable by them alone. A crash leaves the old file or the new one. */
export function writeLogin(env: Environment, login: Login): string {
  const file = loginFile(env);
  const folder = join(file, "..");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify({ version: VERSION, ...login })}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, file);
  return file;
}

/** Forgets the key. */
export function removeLogin(env: Environment): void {
  rmSync(loginFile(env), { force: true });
}
