import type { Comment, Forge } from "./forge.ts";
import { allPages, type Caller, callForge } from "./forge-call.ts";

/** A pull request, and how it is reached. */
export interface PullRequest {
  /** GITHUB_API_URL: `https://api.github.com`, or that of an own GitHub. */
  apiUrl: string;
  /** GITHUB_REPOSITORY: `acme/shop`. */
  repository: string;
  number: number;
  /** A token that may write to pull requests. */
  token: string;
}

interface GitHubComment {
  id: number;
  body?: string;
  html_url: string;
  user: { login: string; type: string } | null;
}

/** A pull request's comments, which GitHub keeps as those of an issue (REST API, "Issue comments"). */
export function gitHub(
  { apiUrl, repository, number, token }: PullRequest,
  call: Omit<Caller, "headers" | "name" | "permission">,
): Forge {
  const caller: Caller = {
    ...call,
    name: "GitHub",
    permission: "the permission pull-requests: write",
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/vnd.github+json",
      "X-GitHub-Api-Version": "2022-11-28",
    },
  };
  const base = `${apiUrl.replace(/\/$/, "")}/repos/${repository}/issues`;
  let login: string | null | undefined;
  /** Whose token it is; null for an app's, which has no user. */
  const whose = async (): Promise<string | null> => {
    if (login === undefined) {
      const { status, body } = await callForge(
        caller,
        "GET",
        `${apiUrl.replace(/\/$/, "")}/user`,
        undefined,
        [401, 403, 404],
      );
      login = status === 200 ? (body as { login: string }).login : null;
    }
    return login;
  };
  return {
    title: `${repository}#${number}`,
    maxLength: 65_536,
    async *list() {
      for await (const item of allPages(caller, `${base}/${number}/comments?per_page=100`)) {
        const { id, body = "", user } = item as unknown as GitHubComment;
        // What a workflow writes is of a bot. Only a comment that could be ours is worth the question whose the token is.
        const isMarked = body.startsWith("<!-- captures: ");
        const isOwn = isMarked && (user?.type === "Bot" || (user !== null && user.login === (await whose())));
        yield { id, body, isOwn } satisfies Comment;
      }
    },
    async create(body) {
      const reply = await callForge(caller, "POST", `${base}/${number}/comments`, { body });
      return (reply.body as GitHubComment).html_url;
    },
    async update(id, body) {
      const reply = await callForge(caller, "PATCH", `${base}/comments/${id}`, { body });
      return (reply.body as GitHubComment).html_url;
    },
  };
}

/** The number of the pull request that an event of GitHub is about; null when it is about none. */
export function pullRequestOf(event: unknown): number | null {
  if (typeof event !== "object" || event === null) return null;
  const { pull_request: pull, issue } = event as Record<string, unknown>;
  if (isNumbered(pull)) return pull.number;
  // A comment of a pull request is an issue's.
  return isNumbered(issue) && "pull_request" in issue ? issue.number : null;
}

const isNumbered = (value: unknown): value is { number: number } =>
  typeof value === "object" && value !== null && "number" in value && Number.isSafeInteger(value.number);
