import type { CallOptions, CreateOptions, Transport } from "./transport.ts";
import type {
  CheckedEnvironment,
  Environment,
  EnvironmentChanges,
  EnvironmentErasure,
  ErasureQuery,
  ErasureRequest,
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
    list: (options?: CallOptions) => transport.get<Environment[]>("/api/environments", options),
    /** Asks for an external id for a role that is to be made, and for what else the role needs. */
    askForExternalId: (options?: CallOptions) =>
      transport.change<ExternalId>("POST", "/api/environments/external-id", options),
    /** Makes an environment, once AWS has confirmed its instance. */
    create: (environment: NewEnvironment, options?: CreateOptions) =>
      transport.create<FullEnvironment>("/api/environments", environment, options),
    /** The instances that credentials reach in a region, to choose one of. Nothing of it is stored. */
    instances: (of: InstancesOf, options?: CallOptions) =>
      transport.change<InstanceList>("POST", "/api/environments/instances", options, of),
    /** Shows an environment, and what was found when AWS was asked last. */
    get: (id: number, options?: CallOptions) => transport.get<FullEnvironment>(path(id), options),
    /** Changes an environment. */
    update: (id: number, changes: EnvironmentChanges, options?: CallOptions) =>
      transport.change<FullEnvironment>("PUT", path(id), options, changes),
    /** Deletes an environment, and shows it as it was. */
    delete: (id: number, options?: CallOptions) =>
      transport.change<FullEnvironment>("DELETE", path(id), options),
    /** Erases the workloads of all its captures that have ended, or the environment with all that is its. It can't be undone. */
    erase: (id: number, request: ErasureRequest, options?: CallOptions) =>
      transport.change<EnvironmentErasure>("POST", path(id, "/erasure"), options, request),
    /** What was erased of an environment, and what is left. */
    erasure: (id: number, query: ErasureQuery = {}, options?: CallOptions) =>
      transport.get<EnvironmentErasure>(path(id, "/erasure"), options, query),
    /** Asks AWS whether captures of it would work. */
    check: (id: number, options?: CallOptions) =>
      transport.change<CheckedEnvironment>("POST", path(id, "/check"), options),
    /** Abandons what it owes to parameter groups. */
    abandon: (id: number, options?: CallOptions) =>
      transport.change<FullEnvironment>("POST", path(id, "/abandon"), options),
  };
}
