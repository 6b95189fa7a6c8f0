import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proveCapture } from "./lib/capture-proof.ts";
import { MariaDb } from "./lib/mariadb.ts";

/* `npm run proof:mariadb`: captures both logs of a real MariaDB server, and compares them with what the server wrote. */
const folder = mkdtempSync(join(tmpdir(), "captures-mariadb-"));
await proveCapture(
  new MariaDb(folder),
  "On Debian: apt-get install mariadb-server mariadb-client percona-toolkit",
  () => rmSync(folder, { recursive: true, force: true }),
);
