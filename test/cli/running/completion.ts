import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../../scripts/lib/checks.ts";
import { captures, commandLine, expectThat, type World } from "./world.ts";

/** Whether a shell is on this machine. bash has to be. */
const hasShell = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;

/** `captures completion`: by the shells themselves. */
export async function checkCompletion(world: World): Promise<void> {
  const folder = join(world.folder, "bin");
  mkdirSync(folder, { recursive: true });
  const { program, before, options } = commandLine(world);
  writeFileSync(join(folder, "captures"), `#!/bin/sh\nexec ${program} ${before.join(" ")} "$@"\n`);
  chmodSync(join(folder, "captures"), 0o755);
  writeFileSync(join(folder, "a file"), "");
  const env = { ...options.env, PATH: `${folder}:${process.env.PATH}`, TERM: "dumb" };
  const run = (shell: string, script: string, ...more: string[]) =>
    execFileSync(shell, [...more, "-c", script], { env, cwd: folder, encoding: "utf8" });

  await check("words are completed by where they stand", async () => {
    const values = async (...words: string[]) => {
      const { out } = await captures(world, ["complete", "--", ...words]);
      return out
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => line.split("\t")[0])
        .join();
    };
    expectThat((await values("st")) === "start,stop", await values("st"));
    expectThat((await values("env", "")) === "list,add,check,trust,policy,help", await values("env", ""));
    expectThat((await values("start", "--lo")) === "--log", await values("start", "--lo"));
    expectThat((await values("start", "--log", "")) === "general,slow,both", "--log");
    expectThat((await values("start", "--log=s")) === "--log=slow", "--log=");
    expectThat((await values("--json", "start", "--env", "sh")) === "shop", "--env");
    expectThat(
      (await values("env", "check", "d")) === "demo,default-group",
      await values("env", "check", "d"),
    );
    expectThat((await values("show", "la")) === "last", "show");
    expectThat((await values("list", "more")) === "", "list");
  });
  await check("where nobody is signed in, nothing is offered, and nothing is said", async () => {
    const { code, out, err } = await captures(world, ["complete", "--", "start", "--env", ""], {
      env: { CAPTURES_KEY: "" },
    });
    expectThat(code === 0 && out === "words\n" && err === "", out + err);
  });
  await check("bash completes commands, environments, files of run, and quotes what it has to", () => {
    const tab = (...words: string[]) =>
      run(
        "bash",
        `source <(captures completion bash); COMP_WORDS=(captures ${words.join(" ")})
         COMP_CWORD=${words.length}; _captures; printf '%s|' "\${COMPREPLY[@]}"`,
      );
    expectThat(tab("st") === "start|stop|", tab("st"));
    expectThat(tab("start", "--env", "''").includes("demo|"), tab("start", "--env", "''"));
    expectThat(tab("start", "--log", "=", "sl") === "slow|", tab("start", "--log", "=", "sl"));
    expectThat(tab("run", "--", "a") === "a file|", tab("run", "--", "a"));
    expectThat(
      run("bash", "source <(captures completion bash); complete -p captures").includes("_captures"),
      "It is not registered",
    );
  });
  await check("a name that holds a command is completed as text, and never run", async () => {
    const name = "$(touch ran)";
    await captures(
      world,
      [
        "env",
        "add",
        ...["--name", name, "--allow-not-ready", "--region", "us-east-1"],
        ...["--instance", "demo-mysql-97", "--access-key-id", "AKIALOCALDEV00000000"],
      ],
      { env: { AWS_SECRET_ACCESS_KEY: "local-dev-secret" } },
    );
    const script = `source <(captures completion bash); COMP_WORDS=(captures start --env '$')
      COMP_CWORD=3; _captures; printf '%s|' "\${COMPREPLY[@]}"; [ -e ran ] && echo RAN`;
    const out = spawnSync("bash", ["-c", script], { env, cwd: folder, encoding: "utf8" }).stdout;
    expectThat(out === "\\$\\(touch\\ ran\\)|", out);
  });
  if (hasShell("zsh")) {
    await check("zsh takes its script, and completes environments", () => {
      const script = `autoload -Uz compinit; compinit -u -D; source <(captures completion zsh)
        _describe() { print -l -- "\${(@P)4}" }; _files() { print files }
        words=(captures start --env ''); CURRENT=4; _captures
        words=(captures run -- ''); CURRENT=4; _captures; print -- $_comps[captures]`;
      const out = run("zsh", script, "-f");
      expectThat(/^demo:demo-mysql$/m.test(out) && out.endsWith("files\n_captures\n"), out);
    });
  }
  if (hasShell("fish")) {
    await check("fish takes its script, and completes commands, environments and files", () => {
      const tab = (line: string) =>
        run("fish", `source (captures completion fish | psub); complete -C '${line}'`, "--no-config");
      expectThat(/^stop\tStop a capture/m.test(tab("captures st")), tab("captures st"));
      expectThat(/^demo\tdemo-mysql$/m.test(tab("captures start --env ")), tab("captures start --env "));
      expectThat(/^a file$|^a\\ file$/m.test(tab("captures run -- a")), tab("captures run -- a"));
    });
  }
}
