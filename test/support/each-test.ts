import { beforeAll, beforeEach } from "vitest";
import { type Cast, createCast, createEnvironment, inNewEnvironment, type Person, signUp } from "./api.ts";

/*
 * What a file's tests need. Each has an environment and an AWS account of its own, since time passes in a test and must not go back
 * in the next. To be called at the top of the file; what is returned is filled in before each test.
 */

/** A person of each role. */
export function castForEachTest(): Cast {
  const cast = {} as Cast;
  beforeAll(async () => void Object.assign(cast, await createCast()));
  beforeEach(async () => void Object.assign(cast, await inNewEnvironment(cast)));
  return cast;
}

/** The admin alone. @param makeAdmin signs the admin up */
export function environmentForEachTest(
  makeAdmin: (name: string) => Promise<Person> = signUp,
): Pick<Cast, "admin" | "environment" | "aws"> {
  const made = {} as Cast;
  beforeAll(async () => {
    made.admin = await makeAdmin("Admin");
  });
  beforeEach(async () => void Object.assign(made, await createEnvironment(made.admin)));
  return made;
}
