import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "./database.ts";
import { MariaDb } from "./mariadb.ts";
import { MySql } from "./mysql.ts";
import { tryPort } from "./ports.ts";

/*
 * The two servers of the proof of replays: one that is recorded, and one that the recording is replayed on.
 */

/** Two servers of one kind that run, and how a replay reaches the second. */
export interface ReplayServers {
  /** What they are, with the version. */
  name: string;
  source: Database;
  target: Database;
  /** The target as `--to` says it, without the password. */
  to: string;
  /** The same, encrypted; equal to `to` where it is a socket. */
  toEncrypted: string;
  password: string;
  /** What the target's general log says of those who signed in without encryption and with it; null where it is a socket. */
  signedIn: { plain: RegExp; encrypted: RegExp } | null;
  /**
   * The default database that a replay of the slow log is given; null for none. MySQL's slow log does not say a session's one before
   * the session has chosen another.
   */
  slowLogDb: string | null;
  /** Ends both, and removes what they have left. */
  stop(): Promise<void>;
}

/** Servers of MariaDB, as this machine has it. The target is reached by its socket. */
export async function startMariaDbs(): Promise<ReplayServers> {
  const folders = ["source", "target"].map((name) => mkdtempSync(join(tmpdir(), `captures-${name}-`)));
  const [source, target] = folders.map((folder) => new MariaDb(folder)) as [MariaDb, MariaDb];
  const stop = () => stopAll([source, target], folders);
  const version = await startAll([source, target], stop);
  const to = `mysql://root@localhost/shop?socket=${target.socket}`;
  return {
    name: `MariaDB ${version}`,
    source,
    target,
    to,
    toEncrypted: to,
    password: "",
    signedIn: null,
    slowLogDb: null,
    stop,
  };
}

/**
 * Servers of MySQL 9.7 in a chroot with Debian unstable: takes root, Debian, the network and 800 MB. The target is reached over TCP, by
 * an account of caching_sha2_password.
 * @param kept the folder of the chroot, which stays there for the next time; else all of it is removed at the end
 */
export async function startMySqls(kept: string | undefined): Promise<ReplayServers> {
  if (process.getuid?.() !== 0) throw new Error("MySQL runs in a chroot: run it as root, on Debian");
  const root = kept ?? mkdtempSync(join(tmpdir(), "captures-mysql-"));
  const port = await tryPort(0);
  const source = new MySql(root, { home: "/replay-source" });
  const target = new MySql(root, { home: "/replay-target", port });
  const stop = () =>
    stopAll([source, target], kept === undefined ? [root] : [source, target].map(({ home }) => home));
  const version = await startAll([source, target], stop);
  const password = "it's a pass/word: 100 %";
  // It may do what the workload does, and nothing else.
  await target.ask(
    `CREATE USER replayer IDENTIFIED WITH caching_sha2_password BY "${password}";
     GRANT ALL ON shop.* TO replayer; GRANT ALL ON stock.* TO replayer;`,
  );
  const to = `mysql://replayer@127.0.0.1:${port}/shop`;
  return {
    name: `MySQL ${version}`,
    source,
    target,
    to,
    toEncrypted: `${to}?ssl=required`,
    password,
    signedIn: { plain: /^replayer@.* using TCP\/IP$/, encrypted: /^replayer@.* using SSL\/TLS$/ },
    slowLogDb: "shop",
    stop,
  };
}

/** Starts them one after the other: the first may have to be installed. @returns the version */
async function startAll(databases: readonly Database[], stop: () => Promise<void>): Promise<string> {
  let version = "";
  try {
    for (const database of databases) version = await database.start();
    return version;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopAll(databases: readonly Database[], folders: readonly string[]): Promise<void> {
  await Promise.all(databases.map((database) => database.stop()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
