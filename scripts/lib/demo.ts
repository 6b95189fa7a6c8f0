import { createAccountClient } from "../../src/client/account.ts";
import { CapturesError, type Client, createClient } from "../../src/client/index.ts";
import { control } from "./control.ts";
import { DEMO, LOCAL_AWS } from "./local.ts";
import { withSession } from "./session.ts";

/** How long the finished captures are. */
const FINISHED_SECONDS = 900;

/**
 * Makes the demo account, its environments and a finished capture of each log, once: a second call finds them.
 * @param awsUrl the local AWS
 * @param wanted `mariadb` also makes the environment "mariadb", of the instance whose log a real server's file is; `aurora` those of
 *   the Aurora cluster's writer and reader
 * @throws CapturesError with what the service answered
 */
export async function ensureDemo(
  address: string,
  awsUrl: string,
  wanted: { mariadb: boolean; aurora: boolean },
): Promise<void> {
  const options = { baseUrl: address, fetch: withSession(), retries: 0 };
  const problem = await signInOrUp(options);
  if (problem !== null) {
    // Somebody has changed the account's password.
    console.warn(`The demo account can't be signed in to: ${problem}`);
    return;
  }
  const { captures, environments } = createClient(options);
  const known = await environments.list();
  const { customer: credentials, region, instance, mariadb, aurora, shop } = LOCAL_AWS;
  const make = (name: string, of: string) => environments.create({ name, region, instance: of, credentials });
  if (known.length === 0) {
    await make("demo", instance);
    const { id: envId } = await make("shop", shop);
    await makeFinished(captures, envId, awsUrl).catch((error: Error) =>
      // AWS_ENDPOINT_URL may name another emulator than the local AWS, which has no such call.
      console.warn(`There are no finished captures to look at: ${error.message}`),
    );
  }
  const ensure = async (name: string, of: string) => {
    if (!known.some((one) => one.name === name || one.instance === of)) await make(name, of);
  };
  if (wanted.mariadb) await ensure("mariadb", mariadb);
  if (wanted.aurora) {
    await ensure("aurora-writer", aurora.writer);
    await ensure("aurora-reader", aurora.reader);
  }
}

/**
 * Makes a capture of each log of some minutes that have passed, for a newcomer to study: the local AWS is told that the instance
 * had its logs on then. They are done within seconds, and nobody waits for them.
 */
async function makeFinished(captures: Client["captures"], envId: number, awsUrl: string): Promise<void> {
  const end = Math.floor(Date.now() / 60_000) * 60_000 - 2 * 60_000;
  const start = end - FINISHED_SECONDS * 1000;
  const { accessKeyId } = LOCAL_AWS.customer;
  const [from, to] = [String(start - 60_000), String(end + 60_000)];
  await control(awsUrl, "POST", "log-history", { accessKeyId, instance: LOCAL_AWS.shop, from, to });
  const fields = { envId, start: new Date(start), duration: FINISHED_SECONDS };
  await captures.create({ ...fields, name: "what ran (general log)", log: "general" });
  await captures.create({ ...fields, name: "how long it took (slow log)", log: "slow" });
}

/** Signs in, or up. @returns why the service refuses both; null when it does not */
async function signInOrUp(options: Parameters<typeof createAccountClient>[0]): Promise<string | null> {
  const account = createAccountClient(options);
  const { email, password, name } = DEMO;
  try {
    await account.signIn({ email, password }).catch((error) => {
      if (!(error instanceof CapturesError && error.status === 401)) throw error;
      return account.signUp({ email, password, name });
    });
    return null;
  } catch (error) {
    if (error instanceof CapturesError && error.status !== null && error.status < 500) return error.message;
    throw error;
  }
}
