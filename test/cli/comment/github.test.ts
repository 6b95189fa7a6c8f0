import { expect, test } from "vitest";
import { placeComment } from "../../../src/cli/comment/forge.ts";
import { gitHub, pullRequestOf } from "../../../src/cli/comment/github.ts";

const API = "https://api.github.example";
const bot = { login: "github-actions[bot]", type: "Bot" };
const marker = "<!-- captures: workload -->";

interface Known {
  id: number;
  body: string;
  user: { login: string; type: string };
}

/** GitHub with these comments, two on a page; `login` is whose token it is, null for an app's. */
function withComments(
  comments: Known[],
  login: string | null = null,
  refusals: Record<string, number[]> = {},
) {
  const asked: string[] = [];
  const sent: { body: string }[] = [];
  const fetch = async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const call = `${request.method} ${pathname}`;
    asked.push(call);
    expect(request.headers.get("authorization")).toBe("Bearer secret");
    const refusal = refusals[call]?.shift();
    if (refusal !== undefined) return Response.json({ message: "No" }, { status: refusal });
    if (pathname === "/user")
      return login === null ? Response.json({ message: "No" }, { status: 403 }) : Response.json({ login });
    if (request.method !== "GET") {
      sent.push((await request.json()) as { body: string });
      return Response.json({ id: 99, html_url: `https://github.example/acme/shop/pull/7#${pathname}` });
    }
    const page = Number(searchParams.get("page") ?? 1);
    const link = `<${API}/repos/acme/shop/issues/7/comments?page=${page + 1}>; rel="next"`;
    const hasMore = comments.length > page * 2;
    const body = comments.slice((page - 1) * 2, page * 2).map((one) => ({ ...one, html_url: "" }));
    return Response.json(body, { headers: hasMore ? { link } : {} });
  };
  const call = { fetch, signal: new AbortController().signal, pauses: [0, 0] };
  const forge = gitHub({ apiUrl: API, repository: "acme/shop", number: 7, token: "secret" }, call);
  return { forge, asked, sent };
}

const comment = (id: number, body: string, user = bot): Known => ({ id, body, user });

test("without a comment of that name one is made, with a marker that is not shown", async () => {
  const { forge, sent } = withComments([comment(1, "Looks good"), comment(2, "<!-- captures: other -->\nx")]);
  expect(await placeComment(forge, "workload", "text")).toEqual({
    outcome: "made",
    url: "https://github.example/acme/shop/pull/7#/repos/acme/shop/issues/7/comments",
  });
  expect(sent).toEqual([{ body: `${marker}\ntext` }]);
});

test("the comment of that name is replaced, on whichever page it is", async () => {
  const others = [1, 2, 3, 4].map((id) => comment(id, "Looks good"));
  const { forge, asked } = withComments([...others, comment(5, `${marker}\r\nold`)]);
  expect((await placeComment(forge, "workload", "new")).outcome).toBe("replaced");
  expect(asked.at(-1)).toBe("PATCH /repos/acme/shop/issues/comments/5");
});

test("a marker that somebody else wrote does not get our text into their comment", async () => {
  const theirs = comment(1, `${marker}\nmine`, { login: "mallory", type: "User" });
  const { forge, asked } = withComments([theirs]);
  expect((await placeComment(forge, "workload", "new")).outcome).toBe("made");
  expect(asked).toContain("GET /user");
  const quoted = withComments([comment(1, `> ${marker}`)]);
  expect((await placeComment(quoted.forge, "workload", "new")).outcome).toBe("made");
});

test("a comment of the token's own user is replaced", async () => {
  const mine = comment(1, `${marker}\nold`, { login: "deployer", type: "User" });
  const { forge } = withComments([mine], "deployer");
  expect((await placeComment(forge, "workload", "new")).outcome).toBe("replaced");
});

test("what passes is tried again, but no comment is made twice", async () => {
  const list = "GET /repos/acme/shop/issues/7/comments";
  const passing = withComments([], null, { [list]: [502, 503] });
  expect((await placeComment(passing.forge, "workload", "new")).outcome).toBe("made");
  const post = "POST /repos/acme/shop/issues/7/comments";
  const failing = withComments([], null, { [post]: [502, 502] });
  await expect(placeComment(failing.forge, "workload", "new")).rejects.toThrow("GitHub answered 502: No");
  expect(failing.asked.filter((call) => call === post)).toHaveLength(1);
});

test("a refusal is said in GitHub's words", async () => {
  const { forge } = withComments([], null, { "POST /repos/acme/shop/issues/7/comments": [403] });
  await expect(placeComment(forge, "workload", "new")).rejects.toThrow("GitHub answered 403: No");
});

test("a page that leads to another host is not followed: the token is not for it", async () => {
  const fetch = async () =>
    Response.json([], { headers: { link: '<https://evil.example/next>; rel="next"' } });
  const call = { fetch, signal: new AbortController().signal };
  const forge = gitHub({ apiUrl: API, repository: "acme/shop", number: 7, token: "secret" }, call);
  await expect(placeComment(forge, "workload", "new")).rejects.toThrow("leads to another host");
});

test("a comment that is too long, and a name that could end the marker, are refused before anything is asked", async () => {
  const { forge, asked } = withComments([]);
  await expect(placeComment(forge, "workload", "x".repeat(65_536))).rejects.toThrow("may have 65536");
  for (const name of ["", "a -->", "a--b", "<b>", "x".repeat(101)])
    await expect(placeComment(forge, name, "text")).rejects.toThrow("can't have the name");
  expect(asked).toEqual([]);
});

test("the pull request of an event is its own, or that of a comment on one", () => {
  expect(pullRequestOf({ pull_request: { number: 7 } })).toBe(7);
  expect(pullRequestOf({ issue: { number: 8, pull_request: {} } })).toBe(8);
  for (const event of [undefined, null, {}, { issue: { number: 8 } }, { pull_request: { number: "7" } }])
    expect(pullRequestOf(event)).toBeNull();
});
