import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../../scripts/lib/checks.ts";
import type { Capture, FullCapture } from "../../../src/client/index.ts";
import { inTerminal } from "./terminal.ts";
import { captures, expectThat, json, type World } from "./world.ts";

/** `captures show`, `rename`, `label`, `delete` and `restore`. */
export async function checkChanging(world: World): Promise<void> {
  await check("show prints what is known of a capture, however it is named", async () => {
    const first = await captures(world, ["show", "1"]);
    expectThat(first.code === 0 && /^Capture\t1 what ran \(general log\)\n/.test(first.out), first.out);
    for (const line of ["Environment\tshop", "Status\tDONE", "Log\tgeneral", "Removed\tsecrets"]) {
      expectThat(first.out.includes(`${line}\n`), first.out);
    }
    expectThat(/^Statements\t[\d,]{4,}$/m.test(first.out), first.out);
    for (const name of ["what ran (general log)", `${world.address}/captures/1`]) {
      expectThat((await captures(world, ["show", name])).out === first.out, name);
    }
    const full = await json<FullCapture>(world, ["show", "1"]);
    expectThat(full.id === 1 && full.owner.name === "Demo", JSON.stringify(full));
  });
  await check("a capture that is not there is said to be missing", async () => {
    for (const [name, message] of [
      ["99999", /^error: There is no capture 99999$/m],
      ["nothing of this name", /There is no capture "nothing of this name"/],
      ["label:branch=none", /no finished capture with the label branch:none/],
      ["https://example.com/captures/1", /is of another service/],
    ] as const) {
      const { code, out, err } = await captures(world, ["show", name]);
      expectThat(code !== 0 && out === "" && message.test(err), `${name}: ${err}`);
    }
  });
  for (const name of ["stop", "restore", "download"]) {
    await check(`${name} says that there is no such capture`, async () => {
      const { code, err } = await captures(world, [name, "99999"]);
      expectThat(code === 1 && err === "error: There is no capture 99999\n", `${code}: ${err}`);
    });
  }
  await json<Capture>(world, [
    "start",
    "--env",
    "demo",
    "--name",
    "to change",
    "--at",
    "in 5h",
    "--label",
    "a=1",
  ]);
  await check("stop of a capture that does not run yet says what ends it", async () => {
    const { code, err } = await captures(world, ["stop", "to change"]);
    expectThat(
      code === 1 && /is SCHEDULED: .*\ncaptures cancel \d+ ends it\.$/m.test(err),
      `${code}: ${err}`,
    );
  });
  await check("download of a capture that has not started is refused, and leaves no file", async () => {
    const cwd = mkdtempSync(join(world.folder, "not-started-"));
    const { code, out, err } = await captures(world, ["download", "to change"], { cwd });
    expectThat(code === 1 && out === "" && /has not started: it is SCHEDULED/.test(err), `${code}: ${err}`);
    expectThat(readdirSync(cwd).length === 0, `There are ${readdirSync(cwd)}`);
  });
  await check("restore of a capture that was not deleted says so", async () => {
    const { code, err } = await captures(world, ["restore", "1"]);
    expectThat(code === 0 && /Capture 1 was not deleted/.test(err), `${code}: ${err}`);
  });
  await check("rename and label change a capture, and leave the other labels", async () => {
    const renamed = await captures(world, ["rename", "to change", "changed"]);
    expectThat(/is now "changed"/.test(renamed.out), renamed.out);
    expectThat(/: a=1, b=2\n$/.test((await captures(world, ["label", "changed", "b=2"])).out), "b=2");
    const { labels } = await json<FullCapture>(world, ["label", "last", "c=x=y", "--remove", "a"]);
    expectThat(JSON.stringify(labels) === '{"b":"2","c":"x=y"}', JSON.stringify(labels));
    const none = await captures(world, ["label", "changed"]);
    expectThat(none.code === 2 && /Which label/.test(none.err), none.err);
    expectThat((await captures(world, ["label", "changed", "b"])).code === 2, "A label without a value");
  });
  await check("delete asks, deletes nothing unless it is told yes, and restore brings back", async () => {
    const silent = await captures(world, ["delete", "changed"]);
    expectThat(silent.code === 2 && /Say --yes/.test(silent.err), silent.err);
    const asked = inTerminal(world, ["delete", "changed"]);
    await asked.shows(/Delete capture \d+ "changed", which is SCHEDULED\?/);
    asked.type("\r");
    expectThat((await asked.ended).code === 1, "Enter alone deletes");
    const { id } = await json<FullCapture>(world, ["show", "changed"]);
    const { code, out } = await captures(world, ["delete", "changed", "--yes"]);
    expectThat(code === 0 && new RegExp(`captures restore ${id} brings it back until`).test(out), out);
    expectThat((await captures(world, ["show", "changed"])).code === 1, "It is still there");
    const restored = await json<Capture>(world, ["restore", String(id)]);
    expectThat(restored.name === "changed" && restored.status === "FAILED", JSON.stringify(restored));
    const { code: done, err } = await captures(world, ["download", String(id), "-o", "/dev/null"]);
    expectThat(done === 0 && /is FAILED, and has recorded nothing/.test(err), `${done}: ${err}`);
  });
}
