import type { Environment } from "../api/types.ts";

type Named = Pick<Environment, "id" | "name" | "instance" | "region">;

/**
 * What each environment is called where it stands beside others, by its id. Its name alone, unless another has the same (two teams
 * may each call theirs "production"): then with its instance, and where that is the same too, with its number.
 */
export function environmentNames(environments: readonly Named[]): Map<number, string> {
  const told: ((environment: Named) => string)[] = [
    ({ name }) => name,
    ({ name, instance, region }) => `${name} (${instance}, ${region})`,
    ({ name, instance, region, id }) => `${name} (${instance}, ${region}, number ${id})`,
  ];
  return new Map(
    environments.map((environment) => {
      const isOnly = (say: (typeof told)[number]) =>
        environments.every((other) => other.id === environment.id || say(other) !== say(environment));
      const say = told.find(isOnly) ?? told[2];
      return [environment.id, say?.(environment) ?? environment.name];
    }),
  );
}

/** Those in which the reader may make captures: not where they are a viewer. */
export const recordable = (environments: readonly Environment[]): Environment[] =>
  environments.filter(({ role }) => role !== "viewer");

/** Whether the reader is a viewer of all of them, so that they may make captures in none. Not where there are none. */
export const viewsOnly = (environments: readonly Pick<Environment, "role">[]): boolean =>
  environments.length > 0 && environments.every(({ role }) => role === "viewer");
