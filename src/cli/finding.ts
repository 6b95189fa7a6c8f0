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
export const CAPTURE_WORDS = "id, name, address in the console, last, or label:KEY=VALUE[,KEY=VALUE…]";

/** Whether a text is an id of the API. */
export const isId = (text: string): boolean => /^[1-9]\d{0,14}$/.test(text);

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
  if (isId(text)) return `There is no capture ${text}`;
  const labels = labelsIn(text);
  if (labels === null) return `There is no capture "${text}"`;
  return `There is no finished capture with the ${labels.length === 1 ? "label" : "labels"} ${labels.join(" and ")}`;
};

/** The same; null when there is none that has the id, the name or the label. */
export async function findCaptureIfAny(finding: Finding, text: string): Promise<Capture | null> {
  const { client, signal } = finding;
  const id = idIn(finding, text);
  if (id !== null) return client.captures.get(id, { signal }).catch(nullOf404);
  const label = labelsIn(text);
  if (label !== null) return newest(finding, { status: "DONE", label });
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

/**
 * The capture to compare another one with: as `findCaptureIfAny`, but by a label the newest finished one of the same environment,
 * and never that capture itself.
 * @returns null when there is none
 */
export async function findBaseIfAny(
  finding: Finding,
  text: string,
  capture: Capture,
): Promise<Capture | null> {
  const label = labelsIn(text);
  const { id, envId } = capture;
  if (label !== null) return newest(finding, { status: "DONE", label, envId }, id);
  if (text === "last") return newest(finding, {}, id);
  return findCaptureIfAny(finding, text);
}

/** Says that there is nothing to compare a capture with. */
export const noBase = (text: string, { envId }: Capture): string =>
  labelsIn(text) === null ? noCapture(text) : `${noCapture(text)} in environment ${envId}, beside this one`;

/** The newest capture that a filter picks, another than that one. */
async function newest(
  { client, signal }: Finding,
  filter: CaptureFilter,
  besides?: number,
): Promise<Capture | null> {
  const limit = besides === undefined ? 1 : 2;
  const { captures } = await client.captures.page({ ...filter, limit }, { signal });
  return captures.find(({ id }) => id !== besides) ?? null;
}

/** Between two labels: a comma that a key and an equals sign follow. Keys are those of src/captures/labels.ts. */
const BETWEEN_LABELS = /,(?=[A-Za-z0-9][A-Za-z0-9._/-]{0,62}=)/;

/**
 * The labels of `label:branch=main` or `label:branch=main,repository=acme/shop`, as the API's filter has them: `branch:main`. Null
 * for another text.
 */
function labelsIn(text: string): string[] | null {
  const labels = /^label:(.+)$/s.exec(text)?.[1]?.split(BETWEEN_LABELS);
  if (labels === undefined || !labels.every((label) => label.indexOf("=") > 0)) return null;
  return labels.map((label) => label.replace("=", ":"));
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

/**
 * What the API answers about a capture that was named by its id, which was not looked up.
 * @throws Failure when there is none
 */
export async function ofCapture<T>(id: number, answer: Promise<T>): Promise<T> {
  return answer.catch((error) => {
    if (error instanceof CapturesError && error.status === 404) throw new Failure(noCapture(String(id)));
    throw error;
  });
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
  throw new Failure(
    `There is no environment "${text}"`,
    EXIT.failed,
    environments.length === 0
      ? "There are none yet: captures env add makes one."
      : whichEnvironments(environments),
  );
}

/** Says which environments there are: one at least. */
export const whichEnvironments = (environments: readonly Environment[]): string =>
  `There ${environments.length === 1 ? "is" : "are"} ${environments.map(({ name }) => name).join(", ")}.`;

/** The names of the environments, by their ids. */
export async function environmentNames({ client, signal }: Finding): Promise<Map<number, string>> {
  const environments = await client.environments.list({ signal });
  return new Map(environments.map(({ id, name }) => [id, name]));
}
