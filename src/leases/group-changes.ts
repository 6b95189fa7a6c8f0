import { leaseOf } from "../env.ts";
import { leaseName } from "../environments/parameter-group.ts";
import type { ChangesOf } from "../environments/preflight/preflight.ts";

/** What captures have changed in a group at this moment, as its lease knows it. Throws when the lease can't be reached. */
export const changesOf: ChangesOf = (env, group) => leaseOf(env, leaseName(group)).changes();
