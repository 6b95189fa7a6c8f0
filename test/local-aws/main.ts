import { parseArgs } from "node:util";
import { startLocalAws } from "./server.ts";

const USAGE =
  "usage: node test/local-aws/main.ts [--port 4566] [--host 127.0.0.1] [--general-log FILE] [--slow-log FILE] " +
  "[--persist-to FOLDER]";

/** The command line of the local AWS: runs it until SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "4566" },
      host: { type: "string", default: "127.0.0.1" },
      "general-log": { type: "string" },
      "slow-log": { type: "string" },
      "persist-to": { type: "string" },
    },
  });
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) throw new Error(`${values.port} is not a port`);
  const { "general-log": generalLog, "slow-log": slowLog, "persist-to": persistTo } = values;
  const aws = await startLocalAws({ port, host: values.host, generalLog, slowLog, persistTo });
  console.log(`Local AWS on ${aws.url}`);
  const stop = () => void aws.close();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

main().catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 1;
});
