/**
 * Tells a local AWS something (test/local-aws/control.ts).
 * @returns what it answers; undefined for nothing
 */
export async function control<T = void>(
  awsUrl: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const reply = await fetch(`${awsUrl}/_local/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`The local AWS answered ${reply.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
