import {
  type Capture,
  type CaptureFilter,
  CapturesError,
  type Client,
  type Environment,
} from "../client/index.ts";
import { EXIT, Failure } from "./failure.ts";

/*
 * How a command line names captures and environments. All of it is in docs/cli.md.
 */

/** Where to look, and what ends it. */
export interface Finding {
  client: Pick<Client, "captures" | "environments">;
  /** The service's origin, which an address of its console begins with. */
  baseUrl: string;
  signal: AbortSignal;
}

/** How a command says which capture. */
export const CAPTURE_WORDS = "id, name, address in the console, last, or label:KEY=VALUE";

/** Whether a text is an id of the API. */
const isId = (text: string): boolean => /^[1-9]\d{0,14}$/.test(text);

/**
 * Which capture is meant, without asking more than that needs: an id is not looked up.
 * @throws Failure when there is none, or several of one name
 */
export async function findCaptureId(finding: Finding, text: string): Promise<number> {
  return idIn(finding, text) ?? (await findCapture(finding, text)).id;
}

/**
 * The capture that is meant: by its id, its name (all of it), its address in the console, `last` (the newest) or `label:KEY=VALUE`
 * (the newest that is done and has the label).
 * @throws Failure when there is none, or several of one name
 */
export async function findCapture(finding: Finding, text: string): Promise<Capture> {
  const found = await findCaptureIfAny(finding, text);
  if (found === null) throw new Failure(noCapture(text));
  return found;
}

const noCapture = (text: string): string => {
  if (text === "last") return "There is no capture yet";
  const label = labelIn(text);
  return label === null
    ? `There is no capture "${text}"`
    : `There is no finished capture with the label ${label}`;
};

/** The same; null when there is none that has the id, the name or the label. */
export async function findCaptureIfAny(finding: Finding, text: string): Promise<Capture | null> {
  const { client, signal } = finding;
  const id = idIn(finding, text);
  if (id !== null) return client.captures.get(id, { signal }).catch(nullOf404);
  const label = labelIn(text);
  if (label !== null) return newest(finding, { status: "DONE", label: [label] });
  if (text === "last") return newest(finding, {});
  const { captures } = await client.captures.page({ name: text, limit: 2 }, { signal });
  if (captures.length > 1) {
    const ids = captures.map(({ id }) => id).join(" and ");
    throw new Failure(
      `Several captures have the name "${text}", such as ${ids}: say which by its id`,
      EXIT.usage,
    );
  }
  return captures[0] ?? null;
}

async function newest({ client, signal }: Finding, filter: CaptureFilter): Promise<Capture | null> {
  const { captures } = await client.captures.page({ ...filter, limit: 1 }, { signal });
  return captures[0] ?? null;
}

/** The label of `label:branch=main`, as the API's filter has it: `branch:main`. Null for another text. */
function labelIn(text: string): string | null {
  const found = /^label:([^=]+)=(.*)$/s.exec(text);
  return found === null ? null : `${found[1]}:${found[2]}`;
}

/**
 * The id of a text that has one in it.
 * @throws Failure for an address of another service
 */
function idIn({ baseUrl }: Finding, text: string): number | null {
  if (isId(text)) return Number(text);
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return null;
  const { origin, pathname } = new URL(text);
  if (origin !== baseUrl)
    throw new Failure(`${text} is of another service than ${baseUrl}`, EXIT.usage, "Say which one by --url.");
  const id = /^\/captures\/([1-9]\d{0,14})(?:\/|$)/.exec(pathname)?.[1];
  if (id === undefined) throw new Failure(`${text} is no capture's address`, EXIT.usage);
  return Number(id);
}

function nullOf404(error: unknown): null {
  if (error instanceof CapturesError && error.status === 404) return null;
  throw error;
}

/**
 * The environment that is meant: by its name, else by its id.
 * @throws Failure when there is none; it says which there are
 */
export async function findEnvironment({ client, signal }: Finding, text: string): Promise<Environment> {
  const environments = await client.environments.list({ signal });
  const found =
    environments.find(({ name }) => name === text) ??
    (isId(text) ? environments.find(({ id }) => id === Number(text)) : undefined);
  if (found !== undefined) return found;
  const names = environments.map(({ name }) => name);
  throw new Failure(
    `There is no environment "${text}"`,
    EXIT.failed,
    names.length === 0
      ? "There are none yet: captures env add makes one."
      : `There ${names.length === 1 ? "is" : "are"} ${names.join(", ")}.`,
  );
}
