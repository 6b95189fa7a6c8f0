import { resolveCname } from "node:dns/promises";
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "mysql2";
import { type Cli, serviceOf } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { MysqlDriver } from "../replay/mysql-driver.ts";
import { isRdsHost, ownInstance } from "../replay/own-instance.ts";
import { connectionOptions, showTarget, type Target } from "../replay/target.ts";
import { askSecret, askWhether } from "../terminal/ask.ts";
import { say } from "../terminal/print.ts";

/*
 * What is looked at before a replay: whether its target is meant, and whether it can be reached.
 */

/**
 * Asks before anything touches a server that captures are made of.
 * @throws Failure when nobody can be asked, or the answer is no
 */
export async function askAboutTarget(
  cli: Cli,
  target: Target,
  { yes, writes }: { yes?: boolean; writes?: boolean },
): Promise<void> {
  if (yes || target.socket !== null) return;
  const aliases = await resolveCname(target.host).catch(() => []);
  const hosts = [target.host, ...aliases];
  // Another name leads to none of RDS's instances, or by an address that nobody can tell.
  if (!hosts.some(isRdsHost)) return;
  const instances = await environmentsOf(cli);
  const own = instances === null ? null : ownInstance(hosts, instances);
  if (own === null && instances !== null) return;
  const what =
    own === null
      ? `${target.host} is an RDS instance, and without a login nobody can tell whether captures are made of it`
      : `${target.host} is the instance of the environment ${own.name}, which captures are made of`;
  const does = writes ? "change its data" : "put load on it";
  if (!cli.isInteractive)
    throw new Failure(`${what}: a replay would ${does}`, EXIT.usage, "If that is meant, say --yes.");
  say(cli, `${what}.`);
  if (!(await askWhether(cli, `Replay there, and ${does}?`)))
    throw new Failure("Nothing was replayed", EXIT.failed);
}

/** The environments; null without a login. */
async function environmentsOf(cli: Cli) {
  let service: ReturnType<typeof serviceOf>;
  try {
    service = serviceOf(cli);
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.signedOut) return null;
    throw error;
  }
  return service.client.environments.list({ signal: cli.signal });
}

/**
 * Connects once, so that what stands in the way is said before anything runs.
 * @returns how, with the password
 * @throws Failure when the server can't be reached, or does not let the user in
 */
export async function reachTarget(cli: Cli, target: Target): Promise<ConnectionOptions> {
  const ca = target.caFile === null ? null : readCertificates(target.caFile);
  const given = target.password ?? cli.env.MYSQL_PWD ?? null;
  const connect = (options: ConnectionOptions) =>
    new MysqlDriver(options, target.db, false, false).connect(null);
  let options = connectionOptions({ ...target, password: given }, ca);
  let connected = await connect(options);
  if (
    !("query" in connected) &&
    connected.code === "ER_ACCESS_DENIED_ERROR" &&
    given === null &&
    cli.isInteractive
  ) {
    const password = await askSecret(cli, `Password of ${showTarget(target)}`);
    options = connectionOptions({ ...target, password }, ca);
    connected = await connect(options);
  }
  if (!("query" in connected))
    throw new Failure(`${showTarget(target)} can't be replayed on: ${connected.message || connected.code}`);
  await connected.close();
  return options;
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${file} can't be read: ${(error as Error).message}`, EXIT.usage);
  }
}
