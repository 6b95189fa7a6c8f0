import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A GitHub with one pull request, `acme/shop#7`. */
export interface FakeGitHub {
  url: string;
  /** Its comments, oldest first. */
  comments: { id: number; body: string; user: { login: string; type: string }; html_url: string }[];
  /** What it was asked, as method and path. */
  asked: string[];
  /** Whether the token may write. */
  mayWrite: boolean;
  close(): Promise<void>;
}

const COMMENTS = "/repos/acme/shop/issues/7/comments";

/** Starts it. It answers as GitHub's REST API does: comments by pages, 401 and 403 for tokens. */
export async function startGitHub(token: string): Promise<FakeGitHub> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const call = `${request.method} ${pathname}`;
    github.asked.push(call);
    const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", ...headers });
      response.end(JSON.stringify(body));
    };
    const sent = request.method === "GET" ? "" : await text(request);
    if (request.headers.authorization !== `Bearer ${token}`)
      return answer(401, { message: "Bad credentials" });
    if (request.method !== "GET" && !github.mayWrite)
      return answer(403, { message: "Resource not accessible by integration" });
    const edited = /^\/repos\/acme\/shop\/issues\/comments\/(\d+)$/.exec(pathname);
    const comment = github.comments.find(({ id }) => id === Number(edited?.[1]));
    if (call === `GET ${COMMENTS}`) {
      const [page, size] = [Number(searchParams.get("page") ?? 1), 2];
      const next = `<${github.url}${COMMENTS}?page=${page + 1}>; rel="next"`;
      const hasMore = github.comments.length > page * size;
      return answer(
        200,
        github.comments.slice((page - 1) * size, page * size),
        hasMore ? { Link: next } : {},
      );
    }
    if (call === `POST ${COMMENTS}`) {
      const id = github.comments.length + 1;
      const html_url = `https://github.example/acme/shop/pull/7#issuecomment-${id}`;
      const { body } = JSON.parse(sent) as { body: string };
      github.comments.push({ id, body, html_url, user: { login: "github-actions[bot]", type: "Bot" } });
      return answer(201, github.comments.at(-1));
    }
    if (request.method === "PATCH" && comment !== undefined) {
      comment.body = (JSON.parse(sent) as { body: string }).body;
      return answer(200, comment);
    }
    return answer(404, { message: "Not Found" });
  });
  const github: FakeGitHub = {
    url: "",
    comments: [],
    asked: [],
    mayWrite: true,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  github.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return github;
}
