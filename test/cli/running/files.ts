import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { check } from "../../../scripts/lib/checks.ts";
import type { Pair } from "./pair.ts";
import { startProxy } from "./proxy.ts";
import { captures, expectThat, type World } from "./world.ts";

/** `captures report` and `captures download`: files that are whole, or not there. */
export async function checkFiles(world: World, pair: Pair): Promise<void> {
  await checkReport(world, pair);
  await checkDownload(world, String(pair.capture.id));
  await checkCutDownloads(world, String(pair.capture.id));
}

const folderIn = (world: World) => mkdtempSync(join(world.folder, "files-"));

async function checkReport(world: World, { base, capture }: Pair): Promise<void> {
  const id = String(capture.id);
  await check("report writes the file that its name asks for, and prints HTML otherwise", async () => {
    const cwd = folderIn(world);
    const html = await captures(world, ["report", id]);
    expectThat(html.code === 0 && html.out.startsWith("<!doctype html>"), html.out.slice(0, 200));
    const md = await captures(world, ["report", id, "-o", "r.md"], { cwd });
    expectThat(md.code === 0 && md.out === "" && md.err === "Wrote r.md\n", md.err);
    expectThat(
      readFileSync(join(cwd, "r.md"), "utf8").startsWith("# after the release"),
      "It is no Markdown",
    );
    expectThat(readdirSync(cwd).length === 1, `There are ${readdirSync(cwd)}`);
  });

  await check("report --compare-with adds what has changed, and as JSON has what the API says", async () => {
    const args = ["report", id, "--compare-with", "label:branch=main"];
    const md = await captures(world, [...args, "--format", "markdown"]);
    expectThat(md.out.includes("before the release"), md.out.slice(0, 500));
    const json = await captures(world, ["--json", ...args]);
    const read = JSON.parse(json.out) as Record<string, { id?: number; base?: { id: number } }>;
    expectThat(
      Object.keys(read).join() === "capture,workload,statements,comparison",
      Object.keys(read).join(),
    );
    expectThat(
      read.capture?.id === capture.id && read.comparison?.base?.id === base.id,
      json.out.slice(0, 300),
    );
  });

  await check("report refuses two formats at once, and a file that can't be written", async () => {
    const two = await captures(world, ["--json", "report", id, "--format", "html"]);
    expectThat(two.code === 2, two.err);
    const lost = await captures(world, ["report", id, "-o", "/nowhere/report.html"]);
    expectThat(lost.code === 1 && lost.err.includes("/nowhere/report.html can't be written"), lost.err);
  });
}

async function checkDownload(world: World, id: string): Promise<void> {
  await check(
    "download writes a gzip file, named as the service names it, and never over another",
    async () => {
      const cwd = folderIn(world);
      const { code, out, err } = await captures(world, ["download", id], { cwd });
      expectThat(code === 0 && out === "", `${code}: ${err}`);
      const [name] = readdirSync(cwd);
      expectThat(
        name === `capture-${id}-slow.ndjson.gz` && readdirSync(cwd).length === 1,
        `${readdirSync(cwd)}`,
      );
      const lines = gunzipSync(readFileSync(join(cwd, name)))
        .toString()
        .trimEnd()
        .split("\n");
      expectThat(lines.length === 110, `${lines.length} lines`);
      const again = await captures(world, ["download", id], { cwd });
      expectThat(again.code === 1 && again.err.includes("is there already"), again.err);
      const forced = await captures(world, ["download", id, "--force"], { cwd });
      expectThat(forced.code === 0, forced.err);
    },
  );

  await check(
    "download decompresses ndjson, and takes the text of the log and a part of the time",
    async () => {
      const cwd = folderIn(world);
      await captures(world, ["download", id, "-o", "all.ndjson"], { cwd });
      const lines = readFileSync(join(cwd, "all.ndjson"), "utf8").trimEnd().split("\n");
      expectThat(lines.length === 110, `${lines.length} lines`);
      const { time } = JSON.parse(lines[50] ?? "") as { time: string };
      const from = `${time.slice(0, 23)}Z`;
      const some = await captures(world, ["download", id, "--from", from, "--format", "ndjson", "-o", "-"]);
      expectThat(some.out === `${lines.slice(50).join("\n")}\n`, `${some.out.split("\n").length} lines`);
      const log = await captures(world, ["download", id, "--format", "log", "-o", "-"]);
      expectThat(log.out.match(/^# Query_time: /gm)?.length === 110, log.out.slice(0, 300));
    },
  );

  await check("download --json prints the file, its size and its format", async () => {
    const cwd = folderIn(world);
    const { out, err } = await captures(world, ["download", id, "-o", "all.csv", "--json"], { cwd });
    const bytes = readFileSync(join(cwd, "all.csv")).length;
    expectThat(out === `{"file":"all.csv","bytes":${bytes},"format":"csv"}\n`, out);
    expectThat(!/note|error/.test(err), err);
    const both = await captures(world, ["download", id, "-o", "-", "--json"], { cwd });
    expectThat(both.code === 2 && both.out === "", both.err);
  });

  await check("download makes SQL, CSV and Parquet, and takes one connection alone", async () => {
    const cwd = folderIn(world);
    const sql = await captures(world, ["download", id, "--format", "sql", "-o", "-"]);
    expectThat(
      sql.code === 0 && sql.out.match(/^SELECT \* FROM orders/gm)?.length === 40,
      sql.out.slice(0, 500),
    );
    const csv = await captures(world, ["download", id, "-o", "all.csv"], { cwd });
    const text = readFileSync(join(cwd, "all.csv"), "utf8");
    expectThat(csv.code === 0 && text.startsWith("time,") && text.match(/\r\n/g)?.length === 111, csv.err);
    const parquet = await captures(world, ["download", id, "-o", "all.parquet"], { cwd });
    expectThat(parquet.code === 0, parquet.err);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(cwd, "all.parquet")) });
    const orders = rows.filter(({ statement }) => statement.startsWith("SELECT * FROM orders"));
    expectThat(rows.length === 110 && orders.length === 40, `${rows.length} rows, ${orders.length}`);
    expectThat(Number(orders[0]?.durationMicros) === 9000, `${orders[0]?.durationMicros}`);
    const none = await captures(world, ["download", id, "--thread", "9", "--format", "ndjson", "-o", "-"]);
    expectThat(none.code === 0 && none.out === "", none.out.slice(0, 200));
    expectThat(/^note: No record is of that/.test(none.err), none.err);
    expectThat(!/note|error/.test(sql.err), sql.err);
  });

  await check("download refuses to write gzip to a terminal, but pipes it", async () => {
    const python = ["-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"];
    const env = { ...process.env, CAPTURES_URL: world.address, CAPTURES_KEY: world.key, NO_COLOR: "1" };
    const main = new URL("../../../src/cli/main.ts", import.meta.url).pathname;
    const words = [process.execPath, main, "download", id, "-o", "-"];
    const { status, stdout } = spawnSync("python3", [...python, ...words], { env, encoding: "utf8" });
    expectThat(
      status === 2 && stdout.includes("ndjson.gz is nothing for a terminal"),
      `${status}: ${stdout}`,
    );
  });

  await check("download writes to devices and through links as they are", async () => {
    const cwd = folderIn(world);
    const nothing = await captures(world, ["download", id, "-o", "/dev/null"]);
    expectThat(nothing.code === 0 && existsSync("/dev/null"), nothing.err);
    writeFileSync(join(cwd, "real"), "old");
    symlinkSync("real", join(cwd, "link"));
    const linked = await captures(world, ["download", id, "--format", "log", "-o", "link"], { cwd });
    expectThat(linked.code === 0 && readFileSync(join(cwd, "real"), "utf8").startsWith("#"), linked.err);
    const folder = await captures(world, ["download", id, "-o", cwd]);
    expectThat(folder.code === 1 && folder.err.includes("is a folder"), folder.err);
  });
}

async function checkCutDownloads(world: World, id: string): Promise<void> {
  const through = async (change: (reply: Response) => Promise<Response>, args: string[], cwd: string) => {
    const proxy = await startProxy(world.address, async (reply, path) =>
      path.includes("/download") ? change(reply) : reply,
    );
    const ran = await captures(world, ["download", id, ...args], { env: { CAPTURES_URL: proxy.url }, cwd });
    await proxy.close();
    return ran;
  };
  const cut = (bytes: number) => async (reply: Response) =>
    new Response((await reply.arrayBuffer()).slice(0, -bytes));
  const spoilt = async (reply: Response) => {
    const bytes = new Uint8Array(await reply.arrayBuffer());
    // Of the trailer's CRC-32.
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 1;
    return new Response(bytes);
  };
  const broken = async () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("# Time"));
          setTimeout(() => controller.error(new Error("cut")), 200);
        },
      }),
    );

  for (const [name, change, args] of [
    ["that ends in the middle, although the connection ended in order", cut(300), []],
    ["that lacks its last byte", cut(1), []],
    ["that lacks its last byte, decompressed", cut(1), ["--format", "ndjson"]],
    ["with a wrong checksum", spoilt, []],
    ["with a wrong checksum, decompressed", spoilt, ["--format", "ndjson"]],
    ["with a wrong checksum, as Parquet", spoilt, ["--format", "parquet"]],
    ["whose connection breaks", broken, ["--format", "log"]],
  ] as const) {
    await check(`download leaves nothing of a file ${name}`, async () => {
      const cwd = folderIn(world);
      const { code, err } = await through(change, [...args], cwd);
      expectThat(code === 1 && /is not whole|broke off/.test(err), `${code}: ${err}`);
      expectThat(readdirSync(cwd).length === 0, `There are ${readdirSync(cwd)}`);
    });
  }

  await check("download keeps a file that a failed one would have replaced", async () => {
    const cwd = folderIn(world);
    writeFileSync(join(cwd, "old.log"), "old");
    const { code } = await through(broken, ["-o", "old.log"], cwd);
    expectThat(code === 1 && readFileSync(join(cwd, "old.log"), "utf8") === "old", `${code}`);
  });

  await check(
    "download says what is lost in the service's storage, keeps the rest, and ends with 1",
    async () => {
      const cwd = folderIn(world);
      const told = async (reply: Response) =>
        new Response(reply.body, { headers: { "X-Workload-Incomplete": "a fragment is missing" } });
      const { code, err } = await through(told, ["-o", "some.ndjson.gz"], cwd);
      expectThat(code === 1 && err.includes("a fragment is missing"), `${code}: ${err}`);
      expectThat(gunzipSync(readFileSync(join(cwd, "some.ndjson.gz"))).length > 0, "It is not there");
    },
  );
}
