import { check } from "../../../scripts/lib/checks.ts";
import type { FullCapture } from "../../../src/client/index.ts";
import { captures, expectThat, json, type World } from "./world.ts";

/** `captures list`: captures, and which of them. Goes before what makes others. */
export async function checkList(world: World): Promise<void> {
  await check("list prints the captures with a tab between the columns", async () => {
    const { code, out, err } = await captures(world, ["list"]);
    expectThat(code === 0 && err === "", `It ended with ${code}: ${err}`);
    expectThat(/^ID\tNAME\tSTATUS\tENVIRONMENT\tLOG\tSTART\tLENGTH\tLABELS\n2\t/.test(out), out);
    expectThat(
      /\n1\twhat ran \(general log\)\t\w+\tshop\tgeneral\t[\d-]{10} [\d:]{8}(?:Z|[+-]\d\d:\d\d)\t15m\t-$/m.test(
        out,
      ),
      out,
    );
  });
  await check("list --json prints what the API says", async () => {
    const [capture, ...more] = await json<FullCapture[]>(world, ["list", "--limit", "1"]);
    expectThat(capture?.id === 2 && capture.log === "slow" && more.length === 0, JSON.stringify(capture));
  });
  await check("list filters and sorts as the API does", async () => {
    const ids = async (...args: string[]) =>
      (await json<FullCapture[]>(world, ["list", ...args])).map(({ id }) => id).join();
    expectThat((await ids("--env", "shop")) === "2,1", "--env");
    expectThat((await ids("--env", "2", "--sort", "created")) === "1,2", "--sort");
    expectThat((await ids("--env", "demo")) === "", "--env of another");
    expectThat((await ids("--search", "LONG")) === "2", "--search");
    expectThat((await ids("--name", "what ran (general log)")) === "1", "--name");
    expectThat((await ids("--status", "scheduled")) === "", "--status");
    expectThat((await ids("--owner", "me", "--from", "1d ago", "--to", "now")) === "2,1", "--from and --to");
    expectThat((await ids("--label", "branch=main")) === "", "--label");
  });
  await check("what list is told has to make sense, or it ends with 2 and says what would", async () => {
    for (const [args, message] of [
      [["--status", "runing"], /has to be one of SCHEDULED, STARTED, STARTING, RUNNING/],
      [["--sort", "size"], /Allowed choices are -created, created/],
      [["--limit", "0"], /a number from 1 to 100000/],
      [["--label", "branch"], /has to be KEY=VALUE/],
      [["--from", "someday"], /is no time, such as 18:00/],
      [["more"], /too many arguments/],
    ] as const) {
      const { code, out, err } = await captures(world, ["list", ...args]);
      expectThat(code === 2 && out === "" && message.test(err), `${args.join(" ")}: ${code}: ${err}`);
    }
  });
  await check("an environment that is not there is refused, with those that are", async () => {
    const { code, err } = await captures(world, ["list", "--env", "prod"]);
    expectThat(code === 1 && /There are demo, shop\./.test(err), `${code}: ${err}`);
  });
}
