import type { CallOptions, CreateOptions, Transport } from "./transport.ts";
import type {
  CheckedEnvironment,
  Environment,
  EnvironmentChanges,
  ExternalId,
  FullEnvironment,
  InstanceList,
  InstancesOf,
  NewEnvironment,
} from "./types.ts";

/** Environments: the instances of which captures are made. */
export function environments(transport: Transport) {
  const path = (id: number, more = "") => `/api/environments/${id}${more}`;
  return {
    /** Your environments. */
    list: (options?: CallOptions) =>
      transport.json<Environment[]>({ method: "GET", path: "/api/environments", options }),
    /** Asks for an external id for a role that is to be made, and for what else the role needs. */
    askForExternalId: (options?: CallOptions) =>
      transport.json<ExternalId>({ method: "POST", path: "/api/environments/external-id", options }),
    /** Makes an environment, once AWS has confirmed its instance. */
    create: (
      environment: NewEnvironment,
      { idempotencyKey = crypto.randomUUID(), signal }: CreateOptions = {},
    ) =>
      transport.json<FullEnvironment>({
        method: "POST",
        path: "/api/environments",
        json: environment,
        idempotencyKey,
        options: { signal },
      }),
    /** The instances that credentials reach in a region, to choose one of. Nothing of it is stored. */
    instances: (of: InstancesOf, options?: CallOptions) =>
      transport.json<InstanceList>({
        method: "POST",
        path: "/api/environments/instances",
        json: of,
        options,
      }),
    /** Shows an environment, and what was found when AWS was asked last. */
    get: (id: number, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "GET", path: path(id), options }),
    /** Changes an environment. */
    update: (id: number, changes: EnvironmentChanges, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "PUT", path: path(id), json: changes, options }),
    /** Deletes an environment, and shows it as it was. */
    delete: (id: number, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "DELETE", path: path(id), options }),
    /** Asks AWS whether captures of it would work. */
    check: (id: number, options?: CallOptions) =>
      transport.json<CheckedEnvironment>({ method: "POST", path: path(id, "/check"), options }),
    /** Abandons what it owes to parameter groups. */
    abandon: (id: number, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "POST", path: path(id, "/abandon"), options }),
  };
}
