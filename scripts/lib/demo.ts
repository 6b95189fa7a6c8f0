import { DEMO, LOCAL_AWS } from "./local.ts";

/**
 * Makes the demo account and its environment, once: a second call finds them.
 * @param withMariadb also makes the environment "mariadb", of the instance whose log a real server's file is
 * @throws Error with what the service answered
 */
export async function ensureDemo(address: string, withMariadb: boolean): Promise<void> {
  const { email, password, name } = DEMO;
  let signedIn = await post(address, "/api/auth/sign-in/email", { email, password });
  if (signedIn.status === 401)
    signedIn = await post(address, "/api/auth/sign-up/email", { email, password, name });
  if (signedIn.status >= 500) throw new Error(`${signedIn.status} ${await signedIn.text()}`);
  if (!signedIn.ok) {
    // There is an account, and its password is another: somebody has made it their own.
    console.warn(`The demo account can't be signed in to: ${await signedIn.text()}`);
    return;
  }
  const cookie = (signedIn.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
  const listed = await fetch(`${address}/api/environments`, { headers: { cookie } });
  const environments = (await listed.json()) as { name: string; instance: string }[];
  const { customer: credentials, region, instance, mariadb } = LOCAL_AWS;
  const make = async (name: string, of: string) => {
    const body = { name, region, instance: of, credentials };
    const created = await post(address, "/api/environments", body, { cookie });
    if (created.status !== 201) throw new Error(`${created.status} ${await created.text()}`);
  };
  if (environments.length === 0) await make("demo", instance);
  if (withMariadb && !environments.some((known) => known.name === "mariadb" || known.instance === mariadb)) {
    await make("mariadb", mariadb);
  }
}

function post(
  address: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(address + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}
