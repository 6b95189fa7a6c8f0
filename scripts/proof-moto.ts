import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeDBParametersCommand, RDSClient } from "@aws-sdk/client-rds";
import { CapturesError } from "../src/client/index.ts";
import { startLocalAws } from "../test/local-aws/server.ts";
import { check, report, show } from "./lib/checks.ts";
import { DemoUser } from "./lib/demo-user.ts";
import { LOCAL_AWS } from "./lib/local.ts";
import { createInstance, type MotoInstance, publish, startMoto } from "./lib/moto.ts";
import { MOTO_ACCOUNT, MOTO_KEY, startMotoProxy } from "./lib/moto-proxy.ts";
import { tryPort } from "./lib/ports.ts";
import { startService, stopGroup } from "./lib/service.ts";

/*
 * `npm run proof:moto`: moto, a mock of AWS that others wrote, as a second AWS. An environment is registered and checked, metrics are
 * read, and a capture is made, with a proxy that has the log's files from the local AWS, since moto has none. Closes with
 * `N passed, N failed`. MOTO_SERVER names moto's program; otherwise moto runs in a chroot with Debian unstable, which takes root,
 * Debian, debootstrap, the network and 600 MB. With MOTO_ROOT the chroot is made in that folder, and stays there for the next time.
 */

const MINUTE = 60_000;
/** How long something may take to come about. */
const PATIENCE_MS = 3 * MINUTE;
const { region, instance } = LOCAL_AWS;
const target: MotoInstance = { region, instance, parameterGroup: `${instance}-params` };

const { MOTO_SERVER: program, MOTO_ROOT: keptRoot } = process.env;
if (program === undefined && process.getuid?.() !== 0) {
  console.error(
    "proof:moto runs moto in a chroot with Debian unstable: run it as root, on Debian; or name a moto_server by MOTO_SERVER",
  );
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "captures-moto-"));
const root = keptRoot ?? join(folder, "root");
const moto = await startMoto(program === undefined ? { root } : { program });
const localAws = await startLocalAws({ port: 0 });
const proxy = await startMotoProxy(moto.url, localAws.url);
const port = await tryPort(0);
const address = `http://localhost:${port}`;
const state = join(folder, "state");
const service = await startService({ PORT: `${port}`, PERSIST_TO: state, AWS_ENDPOINT_URL: proxy.url });
try {
  await prove(new DemoUser(address));
} finally {
  await stopGroup(service, "SIGKILL");
  await stopGroup(moto.process, "SIGKILL");
  proxy.close();
  await localAws.close();
  rmSync(folder, { recursive: true, force: true });
}
report();

async function prove(user: DemoUser): Promise<void> {
  const { api } = user;
  const minutes = Array.from(
    { length: 30 },
    (_, i) => Math.floor(Date.now() / MINUTE) * MINUTE - (35 - i) * MINUTE,
  );
  const published = Object.fromEntries(
    ["CPUUtilization", "ReadIOPS", "DatabaseConnections"].map((label, which) => [
      label,
      minutes.map((at, i) => ({
        timestamp: new Date(at).toISOString(),
        value: 10 * which + ((i * 7) % 13) + 0.25,
      })),
    ]),
  );
  let envId = 0;

  await check("an instance that moto does not have is refused, with moto's word for it", async () => {
    const refused = await refusalOf(() =>
      api.environments.create({ name: "none", region, instance: "no-such", credentials: MOTO_KEY }),
    );
    expect(refused.status === 400 && refused.message.includes("DBInstanceNotFound"), refused);
  });
  await createInstance(moto.url, target);
  for (const [label, points] of Object.entries(published)) await publish(moto.url, target, label, points);

  await check("an environment is registered by a key, and is what moto's instance is", async () => {
    const made = await api.environments.create({ name: "moto", region, instance, credentials: MOTO_KEY });
    envId = made.id;
    const { engine, engineVersion, parameterGroup } = made;
    const found = { engine, engineVersion, parameterGroup };
    const expected = { engine: "mysql", engineVersion: "8.0.40", parameterGroup: target.parameterGroup };
    expect(JSON.stringify(found) === JSON.stringify(expected), found);
  });
  await check("its checks name what moto does not have, and nothing else", async () => {
    const { checks } = await api.environments.check(envId);
    for (const { id, status, detail } of checks) console.log(`        ${status.padEnd(8)}${id}: ${detail}`);
    const failed = checks.filter(({ status }) => status === "failed");
    expect(failed.length === 0, failed);
    for (const id of ["instance", "engine", "parameter-group", "metrics"])
      expect(
        checks.some((one) => one.id === id && one.status === "passed"),
        checks,
      );
  });
  await check("a role that moto lets anybody assume is refused, and the reason is said", async () => {
    await api.environments.askForExternalId();
    const roleArn = `arn:aws:iam::${MOTO_ACCOUNT}:role/captures/anybody`;
    const refused = await refusalOf(() =>
      api.environments.create({ name: "role", region, instance, credentials: { roleArn } }),
    );
    expect(refused.status === 400 && /external id/.test(refused.message), refused);
  });
  await check("metrics are those that were published, value for value", async () => {
    const start = new Date(minutes[0] as number).toISOString();
    const { id } = await api.captures.create({ name: "past", envId, start, duration: 30 * 60 });
    const { metrics } = await api.captures.metrics(id);
    for (const [label, points] of Object.entries(published)) {
      const shown = metrics.find((metric) => metric.label === label);
      const read = shown?.dataPoints.map(({ Timestamp, Maximum }) => ({
        timestamp: new Date(Timestamp).toISOString(),
        value: Maximum,
      }));
      expect(JSON.stringify(read) === JSON.stringify(points), shown);
    }
    expect(
      metrics.every((metric) => metric.label in published || metric.dataPoints.length === 0),
      metrics,
    );
  });
  await check("a capture records what the instance's log has, and the group is given back", async () => {
    const { id } = await api.captures.create({ name: "now", envId });
    await user.waitFor(id, "RUNNING", PATIENCE_MS);
    const during = await valuesOf(target);
    expect(during.general_log === "1" && during.log_output === "FILE", during);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await api.captures.stop(id);
    await user.waitFor(id, "DONE", PATIENCE_MS);
    const { records, gaps } = await api.captures.workload(id);
    expect(records >= 50 && gaps.length === 0, { records, gaps });
    // moto can't reset a parameter: the defaults are written instead, after a few attempts.
    await logIsOff();
    const reset = proxy.calls.filter(({ action }) => action === "ResetDBParameterGroup");
    console.log(`        ResetDBParameterGroup was answered ${reset.map(({ status }) => status).join(", ")}`);
  });
}

/** Waits until the group has the general log off. */
async function logIsOff(): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { general_log: value = "0" } = await valuesOf(target);
    if (value === "0") return;
    if (Date.now() > deadline) throw new Error(`general_log is ${value} still`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The values that people have set in a group, as moto says them. */
async function valuesOf({ parameterGroup }: MotoInstance): Promise<Record<string, string | undefined>> {
  const rds = new RDSClient({ endpoint: moto.url, region, credentials: { ...MOTO_KEY } });
  const { Parameters = [] } = await rds.send(
    new DescribeDBParametersCommand({ DBParameterGroupName: parameterGroup }),
  );
  rds.destroy();
  return Object.fromEntries(
    Parameters.map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue]),
  );
}

async function refusalOf(ask: () => Promise<object>): Promise<{ status: number | null; message: string }> {
  try {
    return { status: 200, message: show(await ask()) };
  } catch (error) {
    if (!(error instanceof CapturesError)) throw error;
    return { status: error.status, message: error.message };
  }
}

/** @throws Error that shows what was found when a condition does not hold */
function expect(holds: boolean, found: object | undefined): void {
  if (!holds) throw new Error(`Found: ${show(found)}`);
}
