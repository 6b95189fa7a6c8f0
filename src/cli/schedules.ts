import type { Schedule } from "../client/index.ts";
import type { Service } from "./cli.ts";
import { EXIT, Failure } from "./failure.ts";
import { isId } from "./finding.ts";

/** How a command says which schedule. */
export const SCHEDULE_WORDS = "its id, or its name";

/**
 * The schedule that is meant: by its id, else by its name.
 * @throws Failure when there is none, or several of one name; CapturesError for an id that is none
 */
export async function findSchedule({ client, signal }: Service, text: string): Promise<Schedule> {
  if (isId(text)) return client.schedules.get(Number(text), { signal });
  const found = await Array.fromAsync(client.schedules.list({ name: text }, { signal }));
  const [first, second] = found;
  if (first === undefined) throw new Failure(`There is no schedule "${text}"`);
  if (second === undefined) return first;
  const ids = found.map(({ id }) => id).join(" and ");
  throw new Failure(`Several schedules have the name "${text}": say which by its id, ${ids}`, EXIT.usage);
}
