import { Failure } from "../failure.ts";

/*
 * One comment on a pull request or a merge request that is replaced by the next one of the same name, so that a pipeline that runs
 * often leaves one comment, not many.
 */

/** A comment as a forge has it. */
export interface Comment {
  id: number;
  body: string;
  /** Whether it may be ours: who else writes our marker must not get our next comment into theirs. */
  isOwn: boolean;
}

/** Where comments are: a pull request of GitHub, or a merge request of GitLab. */
export interface Forge {
  /** What it is called, such as `acme/shop#12`. */
  readonly title: string;
  /** The most that a comment may have, in UTF-16 units. */
  readonly maxLength: number;
  /** Its comments, oldest first. */
  list(): AsyncIterable<Comment>;
  create(body: string): Promise<string>;
  /** Replaces a comment; both answer with its address. */
  update(id: number, body: string): Promise<string>;
}

/** What was done. */
export interface Placed {
  outcome: "made" | "replaced";
  /** The comment's address. */
  url: string;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._/ ]|-(?!-)){0,99}$/;

/**
 * The line that a comment of a name begins with. It is not shown.
 * @throws Failure for a name that could end it
 */
export function markerOf(name: string): string {
  if (!NAME.test(name))
    throw new Failure(
      `A comment can't have the name ${JSON.stringify(name)}: use up to 100 letters, digits, spaces, dots, slashes and hyphens`,
    );
  return `<!-- captures: ${name} -->`;
}

/**
 * Makes a comment, or replaces the one that has its name.
 * @throws Failure when it is too long, or the forge refuses
 */
export async function placeComment(forge: Forge, name: string, text: string): Promise<Placed> {
  const marker = markerOf(name);
  const body = `${marker}\n${text}`;
  if (body.length > forge.maxLength)
    throw new Failure(`The comment has ${body.length} characters, and may have ${forge.maxLength}`);
  for await (const comment of forge.list()) {
    if (!comment.isOwn || firstLine(comment.body) !== marker) continue;
    return { outcome: "replaced", url: await forge.update(comment.id, body) };
  }
  return { outcome: "made", url: await forge.create(body) };
}

/** A forge may give back other line ends than it was sent. */
const firstLine = (text: string): string => text.split("\n", 1)[0]?.trim() ?? "";
