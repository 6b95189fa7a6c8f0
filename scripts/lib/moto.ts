import type { ChildProcess } from "node:child_process";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateDBInstanceCommand, CreateDBParameterGroupCommand, RDSClient } from "@aws-sdk/client-rds";
import { installUnstable } from "./debian-unstable.ts";
import { MOTO_KEY } from "./moto-proxy.ts";
import { tryPort } from "./ports.ts";
import { startProcess } from "./service.ts";

/** How moto_server is started: as the shell finds it, or in a chroot with Debian unstable, which is made if it is not there. */
export type MotoPlace = { program: string } | { root: string };

/** A moto that runs. */
export interface Moto {
  url: string;
  process: ChildProcess;
}

/** Starts moto's server on a free port. @throws Error with what is missing, in words */
export async function startMoto(place: MotoPlace): Promise<Moto> {
  const port = await tryPort(0);
  const args = ["-H", "127.0.0.1", "-p", String(port)];
  const url = `http://127.0.0.1:${port}`;
  if ("program" in place) return { url, process: await startProcess(place.program, args, "Running on") };
  await installUnstable(place.root, {
    name: "moto",
    packages: ["python3-moto", "python3-flask", "python3-flask-cors"],
    file: "usr/bin/moto_server",
  });
  const inside = [place.root, "/usr/bin/moto_server", ...args];
  return { url, process: await startProcess("chroot", inside, "Running on") };
}

/** An instance of RDS for MySQL, with a parameter group of its own. */
export interface MotoInstance {
  region: string;
  instance: string;
  parameterGroup: string;
}

/** Makes an instance and its parameter group, by AWS's own SDK. */
export async function createInstance(
  endpoint: string,
  { region, instance, parameterGroup }: MotoInstance,
): Promise<void> {
  const rds = new RDSClient({ endpoint, region, credentials: { ...MOTO_KEY } });
  await rds.send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: parameterGroup,
      DBParameterGroupFamily: "mysql8.0",
      Description: "For a proof",
    }),
  );
  await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: instance,
      Engine: "mysql",
      EngineVersion: "8.0.40",
      DBInstanceClass: "db.t3.medium",
      AllocatedStorage: 100,
      MasterUsername: "proof",
      MasterUserPassword: "only-for-a-proof",
      DBParameterGroupName: parameterGroup,
    }),
  );
  rds.destroy();
}

/** Publishes values of a metric of an instance, one a minute, as RDS does. */
export async function publish(
  endpoint: string,
  { region, instance }: MotoInstance,
  metric: string,
  points: readonly { timestamp: string; value: number }[],
): Promise<void> {
  const cloudWatch = new CloudWatchClient({ endpoint, region, credentials: { ...MOTO_KEY } });
  await cloudWatch.send(
    new PutMetricDataCommand({
      Namespace: "AWS/RDS",
      MetricData: points.map(({ timestamp, value }) => ({
        MetricName: metric,
        Dimensions: [{ Name: "DBInstanceIdentifier", Value: instance }],
        Timestamp: new Date(timestamp),
        Value: value,
      })),
    }),
  );
  cloudWatch.destroy();
}
