import { createAccountClient } from "../../src/client/account.ts";
import { CapturesError, createClient } from "../../src/client/index.ts";
import { DEMO, LOCAL_AWS } from "./local.ts";
import { withSession } from "./session.ts";

/**
 * Makes the demo account and its environment, once: a second call finds them.
 * @param withMariadb also makes the environment "mariadb", of the instance whose log a real server's file is
 * @throws CapturesError with what the service answered
 */
export async function ensureDemo(address: string, withMariadb: boolean): Promise<void> {
  const options = { baseUrl: address, fetch: withSession(), retries: 0 };
  const problem = await signInOrUp(options);
  if (problem !== null) {
    // There is an account, and its password is another: somebody has made it their own.
    console.warn(`The demo account can't be signed in to: ${problem}`);
    return;
  }
  const { environments } = createClient(options);
  const known = await environments.list();
  const { customer: credentials, region, instance, mariadb } = LOCAL_AWS;
  const make = (name: string, of: string) => environments.create({ name, region, instance: of, credentials });
  if (known.length === 0) await make("demo", instance);
  if (withMariadb && !known.some((one) => one.name === "mariadb" || one.instance === mariadb)) {
    await make("mariadb", mariadb);
  }
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
