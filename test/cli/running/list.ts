import { check } from "../../../scripts/lib/checks.ts";
import { captures, expectThat, type World } from "./world.ts";

/** `captures list`, and what every command has in common. */
export async function checkList(world: World): Promise<void> {
  await check("list prints the captures with a tab between the columns", async () => {
    const { code, out, err } = await captures(world, ["list"]);
    expectThat(code === 0 && err === "", `It ended with ${code}: ${err}`);
    expectThat(/^ID\tNAME\tSTATUS\n2\t/.test(out), out);
  });
  await check("list --json prints what the API says", async () => {
    const { out } = await captures(world, ["--json", "list", "--limit", "1"]);
    const [capture, ...more] = JSON.parse(out) as { id: number }[];
    expectThat(capture?.id === 2 && more.length === 0, out);
  });
  await check("without a key, a command says how to sign in, and ends with 4", async () => {
    const { code, err } = await captures(world, ["list"], { env: { CAPTURES_KEY: "" } });
    expectThat(code === 4 && /captures login/.test(err), `${code}: ${err}`);
  });
  await check("a word that is no command is refused with 2", async () => {
    const { code, err } = await captures(world, ["lst"]);
    expectThat(code === 2 && /Did you mean list/.test(err), `${code}: ${err}`);
  });
}
