import { engineLabels } from "../../environments/engines.ts";
import type { NewEnvironment } from "../api/types.ts";
import type { FormErrors } from "../lib/refusals.ts";
import { Choice, TextField } from "./field.tsx";

/** What is typed into the form of an environment. */
export interface EnvironmentDraft {
  name: string;
  region: string;
  instance: string;
  by: "key" | "role";
  accessKeyId: string;
  secretAccessKey: string;
  roleArn: string;
}

/** An empty form. */
export const EMPTY_DRAFT: EnvironmentDraft = {
  name: "",
  region: "us-east-1",
  instance: "",
  by: "key",
  accessKeyId: "",
  secretAccessKey: "",
  roleArn: "",
};

/** The fields that the server may refuse. */
export const ENVIRONMENT_FIELDS = [
  "name",
  "region",
  "instance",
  "accessKeyId",
  "secretAccessKey",
  "roleArn",
  "credentials",
] as const;

/** The credentials that a draft has. */
export function credentialsOf(draft: EnvironmentDraft): NewEnvironment["credentials"] {
  const { accessKeyId, secretAccessKey, roleArn } = draft;
  return draft.by === "key" ? { accessKeyId, secretAccessKey } : { roleArn };
}

/** The fields of an environment, for a new one or one that is changed. */
export function EnvironmentFields({
  draft,
  errors,
  onChange,
  isChange = false,
}: {
  draft: EnvironmentDraft;
  errors: FormErrors;
  onChange: (draft: EnvironmentDraft) => void;
  isChange?: boolean;
}) {
  const text = (
    name: Exclude<keyof EnvironmentDraft, "by">,
    label: string,
    hint?: string,
    isSecret = false,
  ) => (
    <TextField
      name={name}
      label={label}
      hint={hint}
      error={errors.fields[name]}
      {...(isSecret && { type: "password" as const })}
      spellcheck={false}
      value={draft[name]}
      // Space is often pasted along, and is a part of none but the name.
      onChange={(text) => onChange({ ...draft, [name]: name === "name" ? text : text.trim() })}
    />
  );
  return (
    <div class="card">
      {text("name", "Name", "What people call it here.")}
      {text("region", "AWS region", "Such as eu-central-1.")}
      {text("instance", "RDS instance", `The instance's identifier. ${engineLabels("or")}.`)}
      <Choice
        legend={isChange ? "New credentials" : "Credentials"}
        name="by"
        options={["An access key", "A role"]}
        chosen={draft.by === "key" ? 0 : 1}
        onChoose={(index) => onChange({ ...draft, by: index === 0 ? "key" : "role" })}
      />
      {isChange && <p class="hint">Leave them empty to keep those that it has.</p>}
      {draft.by === "key" ? (
        <>
          {text("accessKeyId", "Access key id")}
          {text("secretAccessKey", "Secret access key", "Sealed before it is stored, and never shown.", true)}
        </>
      ) : (
        text(
          "roleArn",
          "ARN of the role",
          "Its trust policy has to ask for the external id that this service made.",
        )
      )}
      {errors.fields.credentials && <p class="field-error">{errors.fields.credentials}</p>}
    </div>
  );
}
