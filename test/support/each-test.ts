import { beforeAll, beforeEach } from "vitest";
import { type Cast, createCast, createEnvironment, inNewEnvironment, type Person, signUp } from "./api.ts";

/*
 * What a file's tests need, the environment and its AWS account anew for each of them: time passes in a test, and would go
 * back for the next. To be called where the file begins; what is returned is filled in before a test runs.
 */

/** People of every standing. */
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
