import { explain } from "../aws/explain.ts";
import type { ParameterGroup, ParameterSettings } from "../environments/parameter-group.ts";
import { OWN_CODES } from "./group-in-aws.ts";
import { capturesOf } from "./holders.ts";
import { isAsFound, isEmpty, type LeaseState, latest } from "./lease-state.ts";
import { type EnvId, environmentsOf, owedBy } from "./next-call.ts";
import type { EnvironmentFailure, Reconciled } from "./reconcile.ts";
import type { OwingCapture } from "./store.ts";

/*
 * What captures have changed in a group and is not restored, as it is recorded for their environments. Each environment is told of
 * its own part alone, and how AWS failed itself: others that share the group may be other people's.
 */

/**
 * What was found pending after AWS was asked.
 * @param mayAsk the environments that were asked: of others nothing new is known
 */
export function pendingChanges(
  group: ParameterGroup,
  state: LeaseState,
  { failures }: Reconciled,
  mayAsk: (envId: EnvId) => boolean,
): OwingCapture[] {
  return environmentsOf(state.released.filter(({ envId }) => mayAsk(envId))).flatMap((envId) => {
    const settings = owedBy(state, envId);
    const reason = whyPending(group, state, settings, failures.get(envId));
    return reason === null ? [] : owing(state, envId, settings, reason);
  });
}

/** What captures owe which are released because they have no rows. With one, their environments are not deleted meanwhile. */
export function withoutRows(state: LeaseState, captureIds: readonly number[]): OwingCapture[] {
  const released = state.released.filter(({ captureId }) => captureIds.includes(captureId));
  return environmentsOf(released).flatMap((envId) =>
    owing(state, envId, owedBy(state, envId), null).filter(({ captureId }) => captureIds.includes(captureId)),
  );
}

function owing(
  state: LeaseState,
  envId: EnvId,
  settings: ParameterSettings,
  reason: string | null,
): OwingCapture[] {
  if (isEmpty(settings)) return [];
  return capturesOf(state, envId).released.map((captureId) => ({ captureId, reason, settings }));
}

/** Why an environment's settings are not restored, in words a person can act on; null when nothing is in the way. */
function whyPending(
  { region, parameterGroup }: ParameterGroup,
  state: LeaseState,
  settings: ParameterSettings,
  failed: EnvironmentFailure | undefined,
): string | null {
  if (failed !== undefined) {
    const { failure } = failed;
    if (OWN_CODES.has(failure.code)) return failure.message;
    return `${failure.action} on ${parameterGroup}: ${explain(failure, parameterGroup, region)}`;
  }
  if (latest(state) !== null) {
    return `A change of ${parameterGroup} whose answer was lost may still arrive at AWS: it is looked at once more after that`;
  }
  const left = Object.keys(settings).filter((name) => !isAsFound(state, name));
  return left.join() === "log_output"
    ? `The log_output of ${parameterGroup} is restored once all logs are off that were off before`
    : null;
}
