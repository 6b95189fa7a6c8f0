import { Argument, type Command } from "commander";
import { type Cli, serviceOf } from "../cli.ts";
import { type Candidate, complete, type Source } from "../completing.ts";
import { COMPLETION_SCRIPTS } from "../completion-scripts.ts";
import { print } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

/** Nobody waits any longer for a list after Tab. */
const ASK_MS = 2000;
/** So many captures are offered, the newest. */
const OFFERED = 30;

/** `captures completion`: what a shell needs to complete command lines; and `captures complete`, which that asks. */
export function addCompletion(program: Command, cli: Cli): void {
  program
    .command("completion")
    .description("Print what your shell needs to complete commands, options, environments and captures.")
    .addArgument(new Argument("<shell>", "your shell").choices(Object.keys(COMPLETION_SCRIPTS)))
    .addHelpText(
      "after",
      `
Examples:
  echo 'source <(captures completion bash)' >> ~/.bashrc
  echo 'source <(captures completion zsh)' >> ~/.zshrc    # after compinit
  captures completion fish > ~/.config/fish/completions/captures.fish`,
    )
    .action((shell: keyof typeof COMPLETION_SCRIPTS) => {
      cli.out.write(COMPLETION_SCRIPTS[shell]);
    });
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(async (words: string[]) => {
      const completion = await complete(program, words, (source) => ask(cli, source));
      if (completion.files) return print(cli, "files");
      const lines = completion.candidates.map(
        ({ value, description }) => `${clean(value)}\t${clean(description)}`,
      );
      print(cli, ["words", ...lines].join("\n"));
    });
}

/** What the service knows; nothing where nobody is signed in, or it does not answer in time. */
async function ask(cli: Cli, source: Source): Promise<Candidate[]> {
  try {
    const { client } = serviceOf(cli);
    const signal = AbortSignal.any([cli.signal, AbortSignal.timeout(ASK_MS)]);
    if (source === "environments") {
      const environments = await client.environments.list({ signal });
      return environments.map(({ name, instance }) => ({ value: name, description: instance }));
    }
    const { captures } = await client.captures.page({ limit: OFFERED }, { signal });
    return [
      { value: "last", description: "the newest" },
      ...captures.map(({ id, name, status }) => ({ value: String(id), description: `${name} (${status})` })),
    ];
  } catch {
    return [];
  }
}
