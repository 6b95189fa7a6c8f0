import { control } from "../../../scripts/lib/control.ts";
import { LOCAL_AWS } from "../../../scripts/lib/local.ts";
import { type Capture, type Client, createClient } from "../../../src/client/index.ts";
import { slowEntry } from "../../support/slow-entry.ts";
import type { World } from "./world.ts";

/** A statement, how often it ran, and how long a call took. */
export interface Ran {
  statement: (call: number) => string;
  calls: number;
  micros: number;
}

/** What every capture of `makePair` has, in its own numbers. */
const ORDERS = (call: number) => `SELECT * FROM orders WHERE id = ${call}`;

const BEFORE: readonly Ran[] = [
  { statement: ORDERS, calls: 40, micros: 2000 },
  { statement: (call) => `UPDATE stock SET amount = ${call}`, calls: 40, micros: 1000 },
];

/** In the second, orders are slower, and carts are new: also one whose text would steer a terminal or end a fence. */
const AFTER: readonly Ran[] = [
  { statement: ORDERS, calls: 40, micros: 9000 },
  { statement: (call) => `UPDATE stock SET amount = ${call}`, calls: 40, micros: 1000 },
  {
    statement: (call) => `SELECT \`::error::\u001b[31m\`, ${call} FROM carts /* \`\`\` */`,
    calls: 30,
    micros: 500,
  },
];

/** Two finished captures of the slow log of one environment, each of five minutes of the past. */
export interface Pair {
  /** The name of their environment, whose instance no other test uses. */
  environment: string;
  base: Capture;
  capture: Capture;
}

const ENVIRONMENT = "study";
const INSTANCE = "demo-mysql-97";
const MINUTE_MS = 60_000;
const LENGTH_MS = 5 * MINUTE_MS;
const POLL_MS = 250;
const PATIENCE_MS = 60_000;

/** The API as the suite's user. */
export const clientOf = ({ address, key }: World): Client => createClient({ baseUrl: address, apiKey: key });

/**
 * Makes two captures, with the labels `branch=main` and `branch=feature`, of which it is known what ran. They are of the past, so that
 * their lengths and rates do not depend on how fast this machine is.
 */
export async function makePair(world: World): Promise<Pair> {
  const { captures, environments } = clientOf(world);
  const { region, customer: credentials } = LOCAL_AWS;
  const { id: envId } = await environments.create({
    name: ENVIRONMENT,
    region,
    instance: INSTANCE,
    credentials,
  });
  const of = { accessKeyId: credentials.accessKeyId, instance: INSTANCE };
  await control(world.awsAddress, "PUT", "workload", { ...of, rate: 0 });
  const end = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 2 * MINUTE_MS;
  const [first, second] = [end - 2 * LENGTH_MS, end - LENGTH_MS] as const;
  const history = { ...of, from: String(first - MINUTE_MS), to: String(end + MINUTE_MS) };
  await control(world.awsAddress, "POST", "log-history", history);
  // The local AWS takes entries while the log is on.
  const keeper = await captures.create({ name: "keeps the log on", envId, log: "slow" });
  await until(world, keeper.id, "RUNNING");
  await write(world, entries(BEFORE, first + 1000) + entries(AFTER, second + 1000));
  const make = (name: string, start: number, branch: string) =>
    captures.create({
      name,
      envId,
      log: "slow",
      start: new Date(start),
      duration: LENGTH_MS / 1000,
      labels: { branch },
    });
  const base = await make("before the release", first, "main");
  const capture = await make("after the release", second, "feature");
  const pair = {
    environment: ENVIRONMENT,
    base: await until(world, base.id, "DONE"),
    capture: await until(world, capture.id, "DONE"),
  };
  await captures.stop(keeper.id);
  await until(world, keeper.id, "DONE");
  return pair;
}

/** Has statements run on the instance of the pair now, as far as its slow log is on. */
export const runNow = (world: World): Promise<void> =>
  // All at once: a capture that is stopped right behind it has all of them.
  write(world, entries(AFTER, Date.now(), 0));

/** Entries of a slow log from a time on, so many milliseconds apart. */
function entries(ran: readonly Ran[], since: number, apart = 1): string {
  let count = 0;
  return ran
    .flatMap(({ statement, calls, micros }) =>
      Array.from({ length: calls }, (_, call) =>
        slowEntry(statement(call), { micros, at: since + apart * count++ }),
      ),
    )
    .join("");
}

const write = (world: World, text: string): Promise<void> =>
  control(world.awsAddress, "POST", "log", {
    accessKeyId: LOCAL_AWS.customer.accessKeyId,
    instance: INSTANCE,
    log: "slow",
    text,
  });

/** Waits until a capture has come to a state. */
export async function until(world: World, id: number, status: Capture["status"]): Promise<Capture> {
  const { captures } = clientOf(world);
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const capture = await captures.get(id);
    if (capture.status === status) return capture;
    if (capture.status === "FAILED" || Date.now() > deadline)
      throw new Error(`The capture is not ${status} but ${JSON.stringify(capture)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
