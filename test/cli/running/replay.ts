import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { check } from "../../../scripts/lib/checks.ts";
import { captures, expectThat, type World } from "./world.ts";

/** What `captures replay` refuses before it touches anything. That it replays, `npm run proof:replay` shows with a real server. */
export async function checkReplay(world: World): Promise<void> {
  const file = join(world.folder, "capture.ndjson");
  writeFileSync(file, "");
  const [csv, parquet] = [join(world.folder, "capture.csv"), join(world.folder, "capture.csv.gz")];
  writeFileSync(csv, "time,thread\n");
  writeFileSync(parquet, gzipSync("PAR1"));
  const toNowhere = ["--to", "mysql://u:geheim@127.0.0.1:1"];
  const refusals: [string, string[], number, RegExp][] = [
    ["without a server", ["1"], 2, /--to/],
    ["without a capture", ["--to", "mysql://localhost"], 2, /which capture/],
    ["with a capture and a file", ["1", "--file", file, "--to", "mysql://localhost"], 2, /which capture/],
    ["with an address that is none", ["1", "--to", "mysql://u:geheim@h/a/b"], 2, /more than a database/],
    ["with a speed that is none", ["1", "--to", "mysql://h", "--speed", "0"], 2, /above 0, or max/],
    [
      "with a report to compare with that is none",
      ["1", "--to", "mysql://h", "--compare", file],
      2,
      /no report/,
    ],
    [
      "of a file that is not there",
      ["--file", "none.gz", ...toNowhere],
      2,
      /^error: none\.gz can't be read.*\n$/,
    ],
    ["of a folder", ["--file", world.folder, ...toNowhere], 2, /^error: .* can't be read.*\n$/],
    ["of a file of CSV", ["--file", csv, ...toNowhere], 2, /^error: .* is no NDJSON.*\n$/],
    [
      "of a file of another format in gzip",
      ["--file", parquet, ...toNowhere],
      2,
      /^error: .* is no NDJSON.*\n$/,
    ],
    [
      "to a report that can't be written",
      ["--file", file, ...toNowhere, "-o", join(world.folder, "none", "x.html")],
      1,
      /^error: .*x\.html can't be written/,
    ],
    [
      "of a time that ends before it begins",
      ["1", ...toNowhere, "--from", "2026-11-28T12:00:00Z", "--before", "2026-11-28T11:00:00Z"],
      2,
      /--from has to be before --before/,
    ],
    [
      "with a server that does not answer",
      ["1", "--to", "mysql://u:geheim@127.0.0.1:1"],
      1,
      /can't be replayed on/,
    ],
    [
      "on an RDS instance, without a login that tells whose it is",
      ["--file", file, "--to", "mysql://u:geheim@x.abc1.eu-west-1.rds.amazonaws.com"],
      2,
      /--yes/,
    ],
  ];
  for (const [name, args, expected, message] of refusals) {
    await check(`replay ${name} is refused with ${expected}`, async () => {
      const env: Record<string, string> = name.includes("login") ? { CAPTURES_KEY: "" } : {};
      const { code, out, err } = await captures(world, ["replay", ...args], { env });
      expectThat(code === expected && message.test(err), `${code}: ${err}`);
      expectThat(out === "" && !err.includes("geheim"), `${out}${err}`);
    });
  }
}
