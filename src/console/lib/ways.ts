import { account } from "../api/client.ts";
import type { SignInWays } from "../api/types.ts";
import { type Resource, useResource } from "./hooks.ts";

/** The ways to sign in that this service has. */
export const useWays = (): Resource<SignInWays> => useResource("ways", (signal) => account.ways({ signal }));
