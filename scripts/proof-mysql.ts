import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proveCapture } from "./lib/capture-proof.ts";
import { MySql } from "./lib/mysql.ts";

/*
 * `npm run proof:mysql`: captures both logs of a real MySQL server, and compares them with what the server wrote and with its
 * performance schema. The server runs in a chroot with Debian unstable, which takes root, Debian, the network and 800 MB.
 * All of it is removed at the end; with MYSQL_ROOT the chroot is made in that folder, and stays there for the next time.
 */
if (process.getuid?.() !== 0) {
  console.error("proof:mysql runs MySQL in a chroot with Debian unstable: run it as root, on Debian");
  process.exit(1);
}
const kept = process.env.MYSQL_ROOT;
const root = kept ?? mkdtempSync(join(tmpdir(), "captures-mysql-"));
const database = new MySql(root);
await proveCapture(database, "On Debian: apt-get install debootstrap percona-toolkit", () =>
  rmSync(kept === undefined ? root : database.home, { recursive: true, force: true }),
);
