import { api } from "../api/client.ts";
import type { FullEnvironment } from "../api/types.ts";
import { AccessSection } from "../components/access-section.tsx";
import { DataSection } from "../components/data-section.tsx";
import { EnvironmentActions } from "../components/environment-actions.tsx";
import { EnvironmentChecks } from "../components/environment-checks.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { Members } from "../components/members.tsx";
import { Owed } from "../components/owed.tsx";
import { Time } from "../components/time.tsx";
import { formatBytes } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { engineName } from "../lib/instances.ts";
import { regionName } from "../lib/regions.ts";

/** One environment: what it is, whether it can be captured, who belongs to it, and what its admins can change. */
export function EnvironmentPage({ id }: { id: number }) {
  const environment = useResource(`environment/${id}`, (signal) => api.environments.get(id, { signal }));
  const { data } = environment;
  return (
    <>
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href="/environments">Environments</a>
          </p>
          <Heading title={data?.name ?? `Environment ${id}`} />
        </div>
        {data !== undefined && <EnvironmentActions environment={data} onChange={environment.put} />}
      </div>
      <Loaded resource={environment} what="the environment">
        {(known) => (
          <>
            <Owed environment={known} onChange={environment.put} />
            <Facts environment={known} />
            <EnvironmentChecks environment={known} onChange={environment.put} />
            <AccessSection environment={known} />
            <Members environment={known} />
            <DataSection environment={known} onChange={environment.put} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Facts({ environment }: { environment: FullEnvironment }) {
  const { id, instance, region, engine, engineVersion, parameterGroup, cluster, createdAt, recorded, role } =
    environment;
  const name = regionName(region);
  return (
    <div class="card">
      <dl class="facts">
        <div>
          <dt>Instance</dt>
          <dd>{instance}</dd>
          {cluster !== null && <dd class="muted">in the cluster {cluster}</dd>}
        </div>
        <div>
          <dt>Region</dt>
          <dd>{region}</dd>
          {name !== null && <dd class="muted">{name}</dd>}
        </div>
        <div>
          <dt>Engine</dt>
          <dd>{engineName(engine, engineVersion)}</dd>
        </div>
        <div>
          <dt>Parameter group</dt>
          <dd>{parameterGroup}</dd>
        </div>
        <div>
          <dt>Added</dt>
          <dd>
            <Time at={createdAt} />
          </dd>
        </div>
        <div>
          <dt>Recorded this month</dt>
          <dd>{formatBytes(recorded.bytes)}</dd>
          <dd class="muted">
            of at most {formatBytes(recorded.maxBytes)}
            {recorded.bytes >= recorded.maxBytes && ": no more captures until next month"}
          </dd>
        </div>
      </dl>
      <div class="actions">
        {role !== "viewer" && (
          <a class="button" href={`/captures/new?envId=${id}`}>
            New capture
          </a>
        )}
        <a class="button quiet" href={`/captures?envId=${id}`}>
          Its captures
        </a>
        {role === "admin" && (
          <a class="button quiet" href={`/environments/${id}/audit`}>
            What was done
          </a>
        )}
        <a class="button quiet" href={`/environments/${id}/webhooks`}>
          Webhooks
        </a>
      </div>
    </div>
  );
}
