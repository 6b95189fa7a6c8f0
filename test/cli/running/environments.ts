import { check } from "../../../scripts/lib/checks.ts";
import { LOCAL_AWS } from "../../../scripts/lib/local.ts";
import type { AuditEvent, CheckedEnvironment, Environment, ExternalId } from "../../../src/client/index.ts";
import { inTerminal, KEYS } from "./terminal.ts";
import { captures, expectThat, json, type World } from "./world.ts";

/** `captures env`: the instances that can be captured. Adds `default-group`, whose captures can't start. */
export async function checkEnvironments(world: World): Promise<void> {
  const { accessKeyId, secretAccessKey } = LOCAL_AWS.customer;
  const add = (name: string, instance: string, ...more: string[]) => [
    ...["env", "add", "--name", name, "--region", LOCAL_AWS.region, "--instance", instance],
    ...["--access-key-id", accessKeyId, ...more],
  ];
  await check("env list shows the environments, and whether they are ready", async () => {
    const { code, out } = await captures(world, ["env", "list"]);
    expectThat(
      code === 0 && /^1\tdemo\tdemo-mysql\tus-east-1\tmysql 8\.0\.40\tadmin\tyes\t0\talways$/m.test(out),
      out,
    );
    const [first] = await json<Environment[]>(world, ["env", "list"]);
    expectThat(first?.name === "demo" && first.parameterGroup === "demo-mysql-params", JSON.stringify(first));
  });
  await check("env check shows each check, and ends with 0 while captures would work", async () => {
    const { code, out } = await captures(world, ["env", "check", "demo"]);
    expectThat(code === 0 && /^passed {3}AWS accepts the credentials: /m.test(out), out);
    expectThat(/^demo \(demo-mysql, which is available\): ready$/m.test(out), out);
    const { checks } = await json<CheckedEnvironment>(world, ["env", "check", "1"]);
    expectThat(checks.length > 10, JSON.stringify(checks));
  });
  await check("audit shows what was done, to people as a table and to programs a line each", async () => {
    const { code, out } = await captures(world, ["audit", "demo", "-n", "3"]);
    expectThat(code === 0 && /^TIME\tWHO\tACTION\tWHAT\tDETAILS\tVIA\tADDRESS$/m.test(out), out);
    const lines = await captures(world, ["audit", "1", "--json", "--action", "environment"]);
    const events = lines.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditEvent);
    expectThat(lines.code === 0 && events[0]?.action === "environment.created", lines.out);
    const wrong = await captures(world, ["audit", "demo", "--action", "No!"]);
    expectThat(wrong.code !== 0 && /action: must be an action/.test(wrong.err), wrong.err);
  });
  await check("env add by a key takes its secret from a variable, and shows the checks", async () => {
    const { code, out, err } = await captures(world, add("maria", "demo-mariadb"), {
      env: { AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
    expectThat(code === 0 && /^Environment \d+ "maria" is added, and ready$/m.test(out), out + err);
    expectThat(!(out + err).includes(secretAccessKey), "The secret is shown");
  });
  await check("env add takes the secret from standard input, and never from an option", async () => {
    const wrong = await captures(world, add("wrong", "demo-mysql-84", "--secret-stdin"), {
      input: "wrong\n",
    });
    expectThat(wrong.code === 1 && /AWS refused the credentials/.test(wrong.err), wrong.err);
    const none = await captures(world, add("none", "demo-mysql-84"));
    expectThat(
      none.code === 2 && /Set AWS_SECRET_ACCESS_KEY, or give --secret-stdin/.test(none.err),
      none.err,
    );
    const empty = await captures(world, add("none", "demo-mysql-84", "--secret-stdin"));
    expectThat(empty.code === 2 && /Standard input has no secret/.test(empty.err), empty.err);
  });
  await check(
    "an instance that can't be captured is refused with its checks, unless that is allowed",
    async () => {
      const env = { AWS_SECRET_ACCESS_KEY: secretAccessKey };
      const refused = await captures(world, add("default-group", "demo-default-group"), { env });
      expectThat(refused.code === 1 && refused.out === "", refused.out);
      expectThat(
        /^failed {3}The parameter group can be changed: .*\n {9}Create a parameter/m.test(refused.err),
        refused.err,
      );
      expectThat(/With --allow-not-ready/.test(refused.err), refused.err);
      const allowed = await captures(world, add("default-group", "demo-default-group", "--allow-not-ready"), {
        env,
      });
      expectThat(allowed.code === 0 && /is added, and not ready/.test(allowed.out), allowed.err);
      const { code, out } = await captures(world, ["env", "check", "default-group"]);
      expectThat(code === 1 && /: not ready$/m.test(out), out);
    },
  );
  await check("env add says which option is missing, where nobody can be asked", async () => {
    for (const [args, message] of [
      [["env", "add"], /--name is missing/],
      [["env", "add", "--name", "x"], /--role-arn or --access-key-id/],
      [
        ["env", "add", "--name", "x", "--role-arn", "arn:aws:iam::000000000000:role/x"],
        /--region is missing/,
      ],
      [add("x", "y", "--role-arn", "arn"), /two ways to reach it/],
    ] as const) {
      const { code, err } = await captures(world, args, { env: { AWS_REGION: "", AWS_ACCESS_KEY_ID: "" } });
      expectThat(code === 2 && message.test(err), `${args.join(" ")}: ${err}`);
    }
  });
  await check("env add asks for what is missing, and has the instance chosen from a list", async () => {
    const env = { AWS_ACCESS_KEY_ID: "", AWS_REGION: "" };
    const terminal = inTerminal(world, ["env", "add"], { env });
    await terminal.shows(/What is the environment to be called\?/);
    terminal.type(`asked${KEYS.enter}`);
    await terminal.shows(/How is it reached\?[\s\S]*By an access key/);
    terminal.type(KEYS.down + KEYS.enter);
    await terminal.shows(/Access key id/);
    terminal.type(accessKeyId + KEYS.enter);
    await terminal.shows(/Secret access key/);
    terminal.type(secretAccessKey + KEYS.enter);
    await terminal.shows(/AWS region/);
    terminal.type(LOCAL_AWS.region + KEYS.enter);
    await terminal.shows(/Which instance\?[\s\S]*demo-mysql-84/);
    terminal.type(KEYS.enter);
    await terminal.shows(
      /permissions policy:[\s\S]*"Resource": "arn:aws:rds:us-east-1:0+:db:[\s\S]*Has it this policy\?/,
    );
    terminal.type(KEYS.enter);
    const { code, out } = await terminal.ended;
    expectThat(code === 0 && /Environment \d+ "asked" is added, and ready/.test(out), out);
    expectThat(!terminal.raw().includes(secretAccessKey), "The secret is shown");
  });
  await check("Ctrl-C in a question ends it with 130, and adds nothing", async () => {
    const terminal = inTerminal(world, ["env", "add"]);
    await terminal.shows(/What is the environment to be called\?/);
    terminal.type(KEYS.ctrlC);
    expectThat((await terminal.ended).code === 130, "It ended with another code");
  });
  await check("env trust and env policy print policies as IAM takes them", async () => {
    const { externalId, serviceArn } = await json<ExternalId>(world, ["env", "trust"]);
    const { out } = await captures(world, ["env", "trust"]);
    const { Statement } = JSON.parse(out) as ExternalId["trustPolicy"];
    expectThat(Statement[0]?.Principal.AWS === serviceArn, out);
    expectThat(Statement[0]?.Condition.StringEquals["sts:ExternalId"] === externalId, out);
    const policy = await captures(world, ["env", "policy", "demo", "--account", "123456789012"]);
    expectThat(policy.out.includes('"arn:aws:rds:us-east-1:123456789012:pg:demo-mysql-params"'), policy.out);
    expectThat(policy.err === "", policy.err);
  });
  await check("env policy refuses what is no account, and says when none is known", async () => {
    const wrong = await captures(world, ["env", "policy", "demo", "--account", "foo"]);
    expectThat(wrong.code === 2 && wrong.out === "" && /twelve digits/.test(wrong.err), wrong.err);
    const unknown = await captures(world, ["env", "policy", "demo"]);
    expectThat(unknown.code === 0 && /The account is not known/.test(unknown.err), unknown.err);
    JSON.parse(unknown.out);
  });
}
