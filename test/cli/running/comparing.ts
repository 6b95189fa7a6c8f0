import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../../scripts/lib/checks.ts";
import type { Comparison } from "../../../src/client/index.ts";
import type { Pair } from "./pair.ts";
import { captures, expectThat, type World } from "./world.ts";

/** `captures compare`, with two captures of which it is known what ran. */
export async function checkCompare(world: World, { base, capture }: Pair): Promise<void> {
  const ids = [String(base.id), String(capture.id)];

  await check("compare lists what is new and slower, with both figures", async () => {
    const { code, out, err } = await captures(world, ["compare", ...ids]);
    expectThat(code === 0, `It ended with ${code}: ${err}`);
    expectThat(
      out.startsWith("FIGURE\tbefore the release (") && out.includes("\nStatements a minute\t"),
      out,
    );
    expectThat(/^new\t-\t- → 6\t- → 500 µs\t.*\tSELECT .* FROM carts$/m.test(out), out);
    expectThat(/^slower, more-time\t-\t8\.?\d* → 8\t2 ms → 9 ms\t.*\tSELECT \* FROM orders/m.test(out), out);
    expectThat(!out.includes("UPDATE stock"), "It lists a statement that has not changed");
    expectThat(!out.includes("\u001b"), "It sends what a statement has for the terminal");
  });

  await check(
    "compare --fail-on ends with 3 when it finds something, and with 0 when it does not",
    async () => {
      const found = await captures(world, ["compare", ...ids, "--fail-on", "new,slower:1.5,rate:2"]);
      expectThat(found.code === 3, `It ended with ${found.code}: ${found.err}`);
      expectThat(
        /^new\tfound\t1\t-$/m.test(found.out) && /^rate:2\tnot found\t0\t-$/m.test(found.out),
        found.out,
      );
      expectThat(found.err.includes("Found: new, slower:1.5\n"), found.err);
      // 9 ms are 4.5 times 2 ms.
      const none = await captures(world, ["compare", ...ids, "--fail-on", "slower:8,rate:2,gone"]);
      expectThat(none.code === 0 && !none.err.includes("Found"), `${none.code}: ${none.err}`);
    },
  );

  await check("compare --json has the API's comparison and the verdicts", async () => {
    const { code, out } = await captures(world, ["--json", "compare", ...ids, "--fail-on", "slower:1.5"]);
    const read = JSON.parse(out) as Comparison & {
      verdicts: { condition: string; isFound: boolean; fingerprints: string[] }[];
    };
    expectThat(code === 3 && read.base.id === base.id && read.this.id === capture.id, out);
    const [verdict] = read.verdicts;
    expectThat(verdict?.condition === "slower:1.5" && verdict.isFound, out);
    expectThat(
      read.changed.some(({ fingerprint }) => verdict.fingerprints.includes(fingerprint)),
      out,
    );
  });

  await check("compare finds the base by its label, and not the capture itself", async () => {
    const { code, out } = await captures(world, ["compare", "label:branch=main", String(capture.id)]);
    expectThat(code === 0 && out.includes(`before the release (${base.id})`), out);
    const own = await captures(world, ["compare", "label:branch=feature", String(capture.id)]);
    expectThat(own.code === 1 && own.err.includes("There is no finished capture with the label"), own.err);
  });

  await check(
    "compare --if-any without a base says so, ends with 0, and its summary says it too",
    async () => {
      const file = join(world.folder, "lonely.md");
      const args = ["compare", "label:branch=none", String(capture.id), "--if-any", "--markdown", file];
      const { code, err } = await captures(world, args);
      expectThat(code === 0 && err.includes("nothing was compared"), `${code}: ${err}`);
      const text = readFileSync(file, "utf8");
      expectThat(text.includes("label branch:none") && text.includes(`/captures/${capture.id}`), text);
    },
  );

  await check("compare --markdown writes a summary, whose statements stay in their fences", async () => {
    const file = join(world.folder, "summary.md");
    const args = ["compare", ...ids, "--fail-on", "new", "--markdown", file];
    const { code } = await captures(world, args);
    const text = readFileSync(file, "utf8");
    expectThat(code === 3 && text.includes("- `new` **found**: 1 statement"), text);
    expectThat(
      text.includes("<summary>New: 1</summary>") && text.includes("<summary>Slower: 1</summary>"),
      text,
    );
    const printed = await captures(world, ["compare", ...ids, "--fail-on", "new", "--markdown", "-"]);
    expectThat(printed.out === text, "Printed, it is another");
  });

  await check(
    "compare says what it can't judge, and ends with 1: a pipeline must not pass by that",
    async () => {
      const { code, err } = await captures(world, [
        "compare",
        "1",
        String(capture.id),
        "--fail-on",
        "slower:2",
      ]);
      expectThat(
        code === 1 && err.includes("slower:2 can't be judged: times are not compared"),
        `${code}: ${err}`,
      );
    },
  );

  await check("compare refuses conditions and captures that make no sense", async () => {
    const wrong = await captures(world, ["compare", ...ids, "--fail-on", "slower:0.5"]);
    expectThat(
      wrong.code === 2 && wrong.err.includes("must be a number above 1"),
      `${wrong.code}: ${wrong.err}`,
    );
    const absent = await captures(world, ["compare", "999999", String(capture.id)]);
    expectThat(
      absent.code === 1 && absent.err.includes("There is no capture"),
      `${absent.code}: ${absent.err}`,
    );
  });
}
