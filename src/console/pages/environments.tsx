import { api } from "../api/client.ts";
import { Readiness } from "../components/checks.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { useResource } from "../lib/hooks.ts";
import { engineName } from "../lib/instances.ts";

/** The environments of the reader. */
export function EnvironmentsPage() {
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  return (
    <>
      <div class="page-head">
        <Heading title="Environments" />
        <a class="button primary" href="/environments/new">
          Add an environment
        </a>
      </div>
      <Loaded resource={environments} what="your environments">
        {(known) =>
          known.length === 0 ? (
            <div class="empty">
              <h2>No environments yet</h2>
              <p>
                An environment is a database that can be recorded. Add one, or ask somebody for an invite to
                theirs.
              </p>
            </div>
          ) : (
            <ul class="cards">
              {known.map(({ id, name, instance, region, engine, engineVersion, role, ready, owed }) => (
                <li key={id} class="card">
                  <div class="checks-head">
                    <h2>
                      <a href={`/environments/${id}`}>{name}</a>
                    </h2>
                    <Readiness ready={ready} />
                  </div>
                  <p>
                    {instance} <span class="muted">in {region}</span>
                  </p>
                  <p class="muted">
                    {engineName(engine, engineVersion)} · you are {role === "admin" ? "an admin" : "a member"}
                  </p>
                  {owed.length > 0 && (
                    <p class="note">
                      The log of {owed.map(({ parameterGroup }) => parameterGroup).join(" and ")} is not given
                      back
                    </p>
                  )}
                  <p>
                    <a href={`/captures?envId=${id}`}>Captures of {name}</a>
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}
