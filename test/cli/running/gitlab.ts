import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { check } from "../../../scripts/lib/checks.ts";
import { appears } from "./appearing.ts";
import { clientOf, type Pair, runNow } from "./pair.ts";
import { expectThat, type World } from "./world.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** The pipeline of docs/ci.md, run by gitlab-ci-local: it checks the file by GitLab's schema, and runs its scripts as GitLab does. */
export async function checkGitLab(world: World, pair: Pair): Promise<void> {
  const folder = mkdtempSync(join(world.folder, "gitlab-"));
  const git = (...words: string[]) => execFileSync("git", words, { cwd: folder, stdio: "pipe" });
  writeFileSync(
    join(folder, ".gitlab-ci.yml"),
    pipelineOfDocs().replace("--env staging", `--env ${pair.environment}`),
  );
  const load = join(folder, "load-test.sh");
  writeFileSync(
    load,
    `#!/bin/sh\ntouch ${folder}/started; while [ ! -f ${folder}/done ]; do sleep 0.1; done\n`,
  );
  chmodSync(load, 0o755);
  git("init", "-q", "-b", "feature");
  git("remote", "add", "origin", "git@gitlab.example.com:acme/shop.git");
  git("add", "-A");
  git("-c", "user.name=ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "Load test");
  await clientOf(world).captures.update(pair.base.id, { labels: { branch: "main", project: "acme/shop" } });
  const gitlab = await startGitLab("gitlab-token");

  await check("GitLab's pipeline captures, fails on what is new, and writes a note", async () => {
    const packed = execFileSync("npm", ["pack", "-w", "src/cli", "--json", "--pack-destination", folder], {
      cwd: REPOSITORY,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [{ filename }] = JSON.parse(packed.slice(packed.indexOf("["))) as [{ filename: string }];
    const variables = {
      CAPTURES_URL: world.address,
      CAPTURES_KEY: world.key,
      CAPTURES_CLI: join(folder, filename),
      GITLAB_TOKEN: "gitlab-token",
      CI_API_V4_URL: gitlab.url,
      CI_PROJECT_ID: "1",
      CI_DEFAULT_BRANCH: "main",
      CI_PIPELINE_SOURCE: "merge_request_event",
      CI_MERGE_REQUEST_IID: "7",
      CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'feature/"x"',
    };
    const running = runPipeline(folder, variables);
    await appears(join(folder, "started"), running);
    await runNow(world);
    writeFileSync(join(folder, "done"), "");
    const { code, printed } = await running;
    expectThat(code !== 0 && printed.includes("Found: new"), `${code}: ${printed}`);
    const [first, ...more] = gitlab.notes;
    expectThat(
      first?.includes("- `new` **found**: 1 statement") === true && more.length === 0,
      `${first}: ${printed}`,
    );
    const { captures } = await clientOf(world).captures.page({ label: ['branch:feature/"x"'] });
    expectThat(captures[0]?.status === "DONE", printed);
  });
  await gitlab.close();
}

/** The pipeline as the docs have it. */
function pipelineOfDocs(): string {
  const docs = readFileSync(join(REPOSITORY, "docs/ci.md"), "utf8");
  const found = [...docs.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block as string);
  const pipeline = found.find((block) => block.startsWith("load-test:"));
  if (pipeline === undefined) throw new Error("docs/ci.md has no pipeline of GitLab");
  return pipeline;
}

function runPipeline(
  folder: string,
  variables: Record<string, string>,
): Promise<{ code: number | null; printed: string }> {
  const given = Object.entries(variables).flatMap(([name, value]) => ["--variable", `${name}=${value}`]);
  // What npm installs globally stays in the test's folder.
  const prefix = join(folder, "npm");
  mkdirSync(join(prefix, "bin"), { recursive: true });
  const child = spawn(
    "gitlab-ci-local",
    ["--home", folder, "--force-shell-executor", ...given, "load-test"],
    {
      cwd: folder,
      env: {
        ...process.env,
        npm_config_prefix: prefix,
        PATH: `${prefix}/bin:${process.env.PATH}`,
        NO_COLOR: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes) => {
      printed += bytes;
    });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, printed })));
}

/** A GitLab with one merge request, which takes notes. */
async function startGitLab(
  token: string,
): Promise<{ url: string; notes: string[]; close: () => Promise<void> }> {
  const notes: string[] = [];
  const server = createServer(async (request, response) => {
    const sent = await text(request);
    const call = `${request.method} ${new URL(request.url ?? "/", "http://localhost").pathname}`;
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.headers["private-token"] !== token) return answer(401, { message: "401 Unauthorized" });
    if (call === "GET /user") return answer(200, { id: 3 });
    if (call === "GET /projects/1/merge_requests/7/notes") return answer(200, []);
    if (call !== "POST /projects/1/merge_requests/7/notes") return answer(404, { message: "404 Not found" });
    notes.push((JSON.parse(sent) as { body: string }).body);
    return answer(201, { id: notes.length });
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    notes,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
