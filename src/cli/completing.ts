import type { Argument, Command, Option } from "commander";

/*
 * What could stand where somebody presses Tab. The shells' scripts (completion-scripts.ts) ask `captures complete` for it.
 */

/** A word that could stand there, and what it means. */
export interface Candidate {
  value: string;
  description: string;
}

/** What could stand there: words, or the files that the shell itself knows. */
export type Completion = { files: true } | { files: false; candidates: Candidate[] };

/** Words that only the service knows. */
export type Source = "environments" | "captures";

/** What the words of a value are: those that are known, a source's, or files. */
type Values = readonly string[] | Source | "files";

const NONE: Completion = { files: false, candidates: [] };
const FILES: Completion = { files: true };

/** Which arguments and values, by the names that the help has for them, are what the service or the shell knows. */
const KINDS: Readonly<Record<string, Source | "files">> = {
  environment: "environments",
  capture: "captures",
  base: "captures",
  program: "files",
  file: "files",
};

/**
 * Completes a command line.
 * @param words those behind the program's name, the last one as far as it is typed
 * @param ask gives a source's words; none where the service can't be asked
 */
export async function complete(
  program: Command,
  words: readonly string[],
  ask: (source: Source) => Promise<Candidate[]>,
): Promise<Completion> {
  const place = placeOf(program, words.slice(0, -1));
  const typed = words.at(-1) ?? "";
  if (place.isVerbatim) return place.command.registeredArguments.length > 0 ? FILES : NONE;
  if (place.option !== null) {
    // bash breaks words at "=".
    const part = typed === "=" ? "" : typed;
    return ofValues(valuesOf(place.option), part, "", ask);
  }
  const [, flag, value] = /^(--[^=]+)=(.*)$/s.exec(typed) ?? [];
  if (flag !== undefined) {
    const option = optionOf(place.command, flag);
    return option === null ? NONE : ofValues(valuesOf(option), value ?? "", `${flag}=`, ask);
  }
  if (typed.startsWith("-")) return startingWith(typed, flagsOf(place.command));
  if (place.command.commands.length > 0) return startingWith(typed, commandsOf(place.command));
  const { registeredArguments: args } = place.command;
  const last = args.at(-1);
  const argument = args[place.position] ?? (last?.variadic ? last : undefined);
  return argument === undefined ? NONE : ofValues(valuesOfArgument(argument), typed, "", ask);
}

/** Where a word stands: whose it is, which option's value it is, or else which argument. */
interface Place {
  command: Command;
  option: Option | null;
  position: number;
  /** Behind `--`. */
  isVerbatim: boolean;
}

function placeOf(program: Command, words: readonly string[]): Place {
  const place: Place = { command: program, option: null, position: 0, isVerbatim: false };
  for (const word of words) {
    if (place.option !== null) {
      if (word !== "=") place.option = null;
      continue;
    }
    if (word === "--") return { ...place, isVerbatim: true };
    if (word.startsWith("-")) {
      const option = word.includes("=") ? null : optionOf(place.command, word);
      place.option = option?.required ? option : null;
      continue;
    }
    const next = place.command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (next === undefined) place.position++;
    else [place.command, place.position] = [next, 0];
  }
  return place;
}

/** A command and those above it, whose options it has too. */
function* withAncestors(command: Command): Generator<Command> {
  for (let one: Command | null = command; one !== null; one = one.parent) yield one;
}

function optionOf(command: Command, flag: string): Option | null {
  for (const one of withAncestors(command)) {
    const found = one.options.find(({ long, short }) => long === flag || short === flag);
    if (found !== undefined) return found;
  }
  return null;
}

const valuesOf = (option: Option): Values => {
  if (option.argChoices !== undefined) return option.argChoices;
  if (option.long === "--env") return "environments";
  const name = /[<[]([^\]>.]+)/.exec(option.flags)?.[1] ?? "";
  return KINDS[name] ?? [];
};

const valuesOfArgument = (argument: Argument): Values => argument.argChoices ?? KINDS[argument.name()] ?? [];

async function ofValues(
  values: Values,
  typed: string,
  prefix: string,
  ask: (source: Source) => Promise<Candidate[]>,
): Promise<Completion> {
  if (values === "files") return FILES;
  const candidates =
    typeof values === "string" ? await ask(values) : values.map((value) => ({ value, description: "" }));
  return startingWith(
    prefix + typed,
    candidates.map(({ value, description }) => ({ value: prefix + value, description })),
  );
}

const startingWith = (typed: string, candidates: readonly Candidate[]): Completion => ({
  files: false,
  candidates: candidates.filter(({ value }) => value.startsWith(typed)),
});

const flagsOf = (command: Command): Candidate[] => [
  ...[...withAncestors(command)].flatMap(({ options }) =>
    options
      .filter(({ hidden }) => !hidden)
      .map(({ long, short, description }) => ({ value: long ?? short ?? "", description })),
  ),
  { value: "--help", description: "display help for the command" },
];

const commandsOf = (command: Command): Candidate[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.description() }));
