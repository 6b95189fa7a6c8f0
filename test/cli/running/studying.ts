import { check } from "../../../scripts/lib/checks.ts";
import type { WorkloadDigest, WorkloadRecord } from "../../../src/client/index.ts";
import type { Pair } from "./pair.ts";
import { startProxy } from "./proxy.ts";
import { captures, expectThat, type World } from "./world.ts";

/** `captures records` and `captures digest`. */
export async function checkStudying(world: World, { capture }: Pair): Promise<void> {
  const id = String(capture.id);
  await checkRecords(world, id);

  await check(
    "records says what is lost in the service's storage, prints the rest, and ends with 1",
    async () => {
      const missing = [{ fragments: 2, after: "2026-11-23T08:51:02.000100Z", before: null }];
      const proxy = await startProxy(world.address, async (reply) => {
        const page = (await reply.json()) as { missing: object[] };
        return Response.json({ ...page, missing });
      });
      const run = captures(world, ["records", id, "--contains", "carts"], {
        env: { CAPTURES_URL: proxy.url },
      });
      const { code, out, err } = await run;
      await proxy.close();
      expectThat(code === 1 && err.includes("2 fragments of the capture are lost"), `${code}: ${err}`);
      expectThat(/after 2026-11-2\d [\d:]+:02\.000100(?:Z|[+-])/.test(err), err);
      expectThat(out.split("\n").length === 32, out);
    },
  );

  await check("digest lists statements with their times, those with most time first", async () => {
    const { code, out } = await captures(world, ["digest", id]);
    const [titles, first, second] = out.split("\n");
    expectThat(code === 0, `It ended with ${code}`);
    expectThat(titles?.startsWith("CALLS\tSHARE\tTIME\tOF ALL\tMEAN\tP95\tP99\tROWS/CALL\t") === true, out);
    expectThat(
      /^40\t36\.4%\t360 ms\t86\.7%\t9 ms\t9 ms\t9 ms\t2\t[0-9a-f]{16}\tSELECT \*/.test(first ?? ""),
      out,
    );
    expectThat(second?.includes("UPDATE stock SET amount = ?") === true, out);
  });

  await check("digest filters, orders and limits as the API does, also as JSON", async () => {
    const { out } = await captures(world, [
      "--json",
      "digest",
      id,
      "--order",
      "calls",
      "--contains",
      "carts",
      "-n",
      "1",
    ]);
    const [only, ...more] = JSON.parse(out) as WorkloadDigest[];
    expectThat(only?.count === 30 && more.length === 0, out);
    const none = await captures(world, ["digest", id, "--table", "nothing"]);
    expectThat(none.code === 0 && none.out === "" && none.err.includes("no such statement"), none.err);
  });

  await check("digest of a general log has no columns of time", async () => {
    const { out } = await captures(world, ["digest", "1", "-n", "2"]);
    expectThat(/^CALLS\tSHARE\tFINGERPRINT\tSTATEMENT\n[\d,]+\t/.test(out), out);
    expectThat(out.trimEnd().split("\n").length === 3, out);
    const { err } = await captures(world, ["digest", "1", "--order", "p99"]);
    expectThat(err === "note: There is no p99 in a general log: they are ordered by calls.\n", err);
    expectThat((await captures(world, ["digest", "1", "--order", "calls"])).err === "", "calls");
  });
}

async function checkRecords(world: World, id: string): Promise<void> {
  await check("records prints a line for each record, with a tab between the columns", async () => {
    const { code, out, err } = await captures(world, ["records", id, "--table", "orders"]);
    const lines = out.trimEnd().split("\n");
    expectThat(code === 0 && err === "", `${code}: ${err}`);
    expectThat(lines[0] === "TIME\tTHREAD\tUSER\tHOST\tDB\tCOMMAND\tTOOK\tERROR\tSTATEMENT", out);
    expectThat(lines.length === 41, `${lines.length} lines`);
    expectThat(
      /^[\d-]+ [\d:.]+(?:Z|[+-]\d\d:\d\d)\t8\tapp\tlocalhost\t-\tQuery\t9 ms\t-\tSELECT \* FROM orders WHERE id = 0$/.test(
        lines[1] ?? "",
      ),
      out,
    );
  });

  await check("records prints times of the machine's zone with it, and --json those of UTC", async () => {
    const env = { TZ: "Asia/Kolkata" };
    const { out } = await captures(world, ["records", id, "-n", "1"], { env });
    const [, shown = ""] = /^([^\t]+)\t/.exec(out.split("\n")[1] ?? "") ?? [];
    const json = await captures(world, ["records", id, "-n", "1", "--json"], { env });
    const { time } = JSON.parse(json.out) as WorkloadRecord;
    expectThat(/\.\d{6}\+05:30$/.test(shown) && /Z$/.test(time), `${shown} ${time}`);
    expectThat(Date.parse(shown.replace(" ", "T")) === Date.parse(time), `${shown} ${time}`);
    const same = await captures(world, ["records", id, "-n", "1", "--from", shown, "--json"], { env });
    expectThat(same.out === json.out, "Its time is not taken as --from");
  });

  await check("records --json prints a record of the API in each line, and --limit ends it", async () => {
    const { out, err } = await captures(world, ["--json", "records", id, "--order", "newest", "-n", "2"]);
    const read = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as WorkloadRecord);
    expectThat(read.length === 2 && read.every(({ log }) => log === "slow"), out);
    expectThat((read[0]?.time ?? "") > (read[1]?.time ?? ""), "The newest is not the first");
    expectThat(err.includes("There are more"), err);
  });

  await check("records --limit all prints all, over the pages of the API", async () => {
    const { out, err } = await captures(world, ["--json", "records", "1", "--limit", "all"]);
    const count = out.trimEnd().split("\n").length;
    expectThat(count > 10_000 && err === "", `${count}: ${err}`);
  });

  await check("every filter reaches the API", async () => {
    const filters = ["--contains", "CARTS", "--user", "app", "--host", "localhost", "--thread", "8"];
    const more = ["--command", "query", "--min-duration", "400us", "--log", "slow", "--from", "2020-01-01"];
    const wrong = await captures(world, ["records", id, ...filters, ...more]);
    expectThat(wrong.code === 2 && wrong.err.includes("--min-duration"), `${wrong.code}: ${wrong.err}`);
    const right = more.map((word) => (word === "400us" ? "0.4ms" : word));
    const { code, out, err } = await captures(world, ["--json", "records", id, ...filters, ...right]);
    const lines = out.trimEnd().split("\n");
    expectThat(code === 0 && lines.length === 30, `${code}: ${lines.length} ${err}`);
    const { fingerprint } = JSON.parse(lines[0] ?? "") as WorkloadRecord;
    const same = await captures(world, ["--json", "records", id, "--fingerprint", fingerprint ?? ""]);
    expectThat(same.out === out, "By its fingerprint it is another");
    for (const filter of [
      ["--errors"],
      ["--db", "shop"],
      ["--tag", "action=x"],
      ["--to", "2020-01-01"],
      ["--min-duration", "1s"],
    ]) {
      const none = await captures(world, ["records", id, ...filter]);
      expectThat(none.code === 0 && none.out === "", `${filter}: ${none.code} ${none.err}`);
      expectThat(none.err.includes("No record is all of that"), none.err);
    }
  });

  await check("records refuses what the API does not take, and a capture that is not there", async () => {
    const word = await captures(world, ["records", id, "--command", "Nothing"]);
    expectThat(word.code === 1 && word.err.includes("must be a command as the log has it"), word.err);
    const zero = await captures(world, ["records", id, "--limit", "0"]);
    expectThat(zero.code === 2, `${zero.code}`);
    const absent = await captures(world, ["records", "999999"]);
    expectThat(absent.code === 1 && absent.err.startsWith("error: "), absent.err);
  });
}
