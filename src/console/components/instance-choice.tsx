import { useId, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { InstanceList, ListedInstance, NewEnvironment } from "../api/types.ts";
import { ENVIRONMENT_FIELDS, inWords } from "../lib/environment-draft.ts";
import { type Resource, useLate, useResource } from "../lib/hooks.ts";
import { engineName, foundInWords, offered, roleName } from "../lib/instances.ts";
import { sortErrors } from "../lib/refusals.ts";
import { regionName } from "../lib/regions.ts";
import { TextField } from "./field.tsx";
import { Skeleton } from "./loading.tsx";

/** From how many instances on there is a field to find one. */
const MANY = 8;
/** After how long it is said that AWS is slow. */
const SLOW_MS = 6000;

/** What the choice needs to know, besides where the instances are. */
interface Choice {
  region: string;
  /** Empty as long as none is chosen. */
  instance: string;
  error: string | undefined;
  /**
   * @param listed what AWS said of it; null when its name was typed
   * @param accountId the account that was asked; null where AWS did not say
   */
  onChoose: (instance: string, listed: ListedInstance | null, accountId: string | null) => void;
  /** Goes back to the credentials. */
  onReturn: () => void;
}

/**
 * The choice of an instance: from those that AWS lists, or by its name where AWS lists none, does not let them be listed, or takes
 * long.
 */
export function InstanceChoice({
  credentials,
  ...choice
}: Choice & { credentials: NewEnvironment["credentials"] }) {
  const { region } = choice;
  const list = useResource(`instances/${region}`, (signal) =>
    api.environments.instances({ region, credentials }, { signal }),
  );
  return (
    <>
      {/* It stays: what comes and goes along with its text is not read out. */}
      <p role="status" class="visually-hidden">
        {list.data !== undefined && list.error === undefined && foundInWords(list.data.instances.length)}
      </p>
      <ChoiceFrom list={list} {...choice} />
    </>
  );
}

function ChoiceFrom({
  list,
  region,
  instance,
  error,
  onChoose,
  onReturn,
}: Choice & { list: Resource<InstanceList> }) {
  const isLate = useLate(list.loading, SLOW_MS);
  const { instances = [], accountId = null } = list.data ?? {};
  const [isTyped, setTyped] = useState(instance !== "");
  const isListed = instances.some((listed) => listed.instance === instance);
  const where = regionName(region) ?? region;
  const typed = (label: string) => (
    <TextField
      name="instance"
      label={label}
      hint="Its DB instance identifier, not its host name."
      error={error}
      spellcheck={false}
      value={instance}
      onChange={(text) => onChoose(text.trim(), null, accountId)}
    />
  );

  if (list.error !== undefined) {
    const problem = inWords(sortErrors(list.error, ENVIRONMENT_FIELDS));
    return (
      <>
        <div class="note" role="alert">
          <p>The instances can't be listed. {problem}</p>
          <div class="actions">
            <button
              type="button"
              aria-disabled={list.loading}
              onClick={list.loading ? undefined : list.reload}
            >
              {list.loading ? "Asking AWS…" : "Try again"}
            </button>
            <button type="button" onClick={onReturn}>
              Change the access
            </button>
          </div>
        </div>
        {problem?.includes("rds:DescribeDBInstances") && (
          <p class="hint">
            The list needs <code>rds:DescribeDBInstances</code> for all instances. A capture needs it for its
            own only, so you can go on without the list.
          </p>
        )}
        {typed("Instance")}
      </>
    );
  }
  if (list.data === undefined) {
    return (
      <>
        <p class="muted" aria-hidden="true">
          Asking AWS for the instances in {where}…
        </p>
        <Skeleton what={`the instances in ${where}`} />
        {error !== undefined && !isLate && (
          <p role="alert" class="field-error">
            The list is not there yet: {error}.
          </p>
        )}
        {isLate && (
          <>
            <p role="status" class="hint">
              AWS takes long to answer. You can type the instance meanwhile.
            </p>
            {typed("Instance")}
          </>
        )}
      </>
    );
  }
  if (instances.length === 0) {
    return (
      <>
        <p class="note">
          AWS lists no RDS instance in {where}. Choose another region, or type one that these credentials may
          not list.
        </p>
        {typed("Instance")}
      </>
    );
  }
  const isOther = isTyped && !isListed;
  return (
    <>
      <InstanceRows
        instances={instances}
        chosen={isOther ? null : instance}
        error={isOther ? undefined : error}
        isOther={isOther}
        onChoose={(listed) => {
          setTyped(false);
          onChoose(listed.instance, listed, accountId);
        }}
        onOther={() => {
          setTyped(true);
          onChoose("", null, accountId);
        }}
      />
      {isOther && typed("The other instance")}
    </>
  );
}

function InstanceRows({
  instances,
  chosen,
  error,
  isOther,
  onChoose,
  onOther,
}: {
  instances: readonly ListedInstance[];
  chosen: string | null;
  error: string | undefined;
  isOther: boolean;
  onChoose: (listed: ListedInstance) => void;
  onOther: () => void;
}) {
  const id = useId();
  const [text, setText] = useState("");
  const { capturable, others } = offered(instances, text);
  const row = (listed: ListedInstance, i: number) => (
    <InstanceOption
      key={listed.instance}
      listed={listed}
      isChosen={listed.instance === chosen}
      isFirstWrong={i === 0 && error !== undefined}
      describedBy={error === undefined ? undefined : `${id}-error`}
      onChoose={() => onChoose(listed)}
    />
  );
  const isOneOfOthers = others.some(({ instance }) => instance === chosen);
  return (
    <fieldset class="choice instances">
      <legend>Instance</legend>
      {instances.length > MANY && (
        <input
          type="search"
          aria-label="Find an instance"
          placeholder={`Find one of ${instances.length}`}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      )}
      {capturable.map(row)}
      {capturable.length === 0 && (
        <p class="muted">
          {text.trim() === "" ? "None of them can be captured as it is." : "None is called so."}
        </p>
      )}
      {others.length > 0 && (
        <details open={capturable.length === 0 || isOneOfOthers || text.trim() !== ""}>
          <summary>{others.length} that can't be captured as they are</summary>
          <div class="instances">{others.map((listed) => row(listed, -1))}</div>
        </details>
      )}
      <label class="instance">
        <input type="radio" name="instance" checked={isOther} onChange={onOther} />
        <span>Another one: type its name</span>
      </label>
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </fieldset>
  );
}

function InstanceOption({
  listed: { instance, engine, engineVersion, status, cluster, role, parameterGroup, why },
  isChosen,
  isFirstWrong,
  describedBy,
  onChoose,
}: {
  listed: ListedInstance;
  isChosen: boolean;
  isFirstWrong: boolean;
  describedBy: string | undefined;
  onChoose: () => void;
}) {
  const inCluster =
    cluster === null ? "" : role === null ? `Member of ${cluster}` : `${roleName(role)} of ${cluster}`;
  return (
    <label class="instance">
      <input
        type="radio"
        name="instance"
        checked={isChosen}
        aria-invalid={isFirstWrong ? "true" : undefined}
        aria-describedby={describedBy}
        onChange={onChoose}
      />
      <span>
        <strong>{instance}</strong> {inCluster !== "" && <span class="cluster-role">{inCluster}</span>}{" "}
        <span class="hint">
          {engineName(engine, engineVersion)} · {status} · group {parameterGroup}
        </span>{" "}
        {why !== null && <span class="hint why">{why}</span>}
      </span>
    </label>
  );
}
