import { partitionOf } from "../../aws/partitions.ts";
import { quickCreateUrl } from "../../environments/policies.ts";
import type { ExternalId } from "../api/types.ts";
import type { EnvironmentDraft } from "../lib/environment-draft.ts";
import { TextField } from "./field.tsx";
import { RegionField } from "./region-field.tsx";

/** A link that opens CloudFormation with the role's stack filled in, for the instance that is named. */
export function QuickCreate({
  trust: { templateUrl, serviceArn, externalId },
  draft,
  onChange,
}: {
  trust: ExternalId;
  draft: EnvironmentDraft;
  onChange: (draft: EnvironmentDraft) => void;
}) {
  if (templateUrl === null) return null;
  const { region, instance, parameterGroup, cluster } = draft;
  const isWhole = region !== "" && instance !== "" && parameterGroup !== "";
  const url = isWhole
    ? quickCreateUrl({
        partition: partitionOf(region).id,
        region,
        instance,
        parameterGroup,
        cluster: cluster || null,
        templateUrl,
        serviceArn,
        externalId,
      })
    : null;
  const text = (name: "instance" | "parameterGroup" | "cluster", label: string, hint?: string) => (
    <TextField
      name={`quick-${name}`}
      label={label}
      hint={hint}
      spellcheck={false}
      value={draft[name]}
      onChange={(value) => onChange({ ...draft, [name]: value.trim() })}
    />
  );
  return (
    <details>
      <summary>Make the role with CloudFormation</summary>
      <div class="fields">
        <p>
          The stack makes a role for one instance, with this trust policy and the permissions that it needs.
        </p>
        <RegionField
          region={region}
          error={undefined}
          onChange={(changed) => onChange({ ...draft, region: changed })}
        />
        {text("instance", "Instance")}
        {text("parameterGroup", "Its DB parameter group")}
        {text("cluster", "Its Aurora cluster", "Empty if it is in none.")}
        {url !== null && (
          <p>
            <a class="button" href={url} target="_blank" rel="noreferrer">
              Open it in CloudFormation
            </a>
          </p>
        )}
        {isWhole && url === null && (
          <p class="hint">
            The AWS console of this region has no address that is known here: make the stack from the template{" "}
            <code>{templateUrl}</code>.
          </p>
        )}
        {!isWhole && <p class="hint">Name the instance and its group, then there is a link.</p>}
      </div>
    </details>
  );
}
