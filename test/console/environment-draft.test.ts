import { describe, expect, it } from "vitest";
import type { FullEnvironment } from "../../src/client/types.ts";
import {
  afterAccess,
  changesIn,
  EMPTY_DRAFT,
  type EnvironmentDraft,
  inWords,
  requestOf,
  requireAccess,
  requireInstance,
} from "../../src/console/lib/environment-draft.ts";

const roleArn = "arn:aws:iam::123456789012:role/captures";
const byRole: EnvironmentDraft = {
  ...EMPTY_DRAFT,
  name: "shop",
  region: "eu-central-1",
  instance: "shop-production",
  roleArn,
};
const byKey: EnvironmentDraft = {
  ...byRole,
  by: "key",
  roleArn: "",
  accessKeyId: "AKIAEXAMPLE000000000",
  secretAccessKey: "secret",
};
const environment = { name: "shop", region: "eu-central-1", instance: "shop-production" } as FullEnvironment;

describe("what is sent", () => {
  it("has the credentials of the way that is chosen, and none of the other", () => {
    expect(requestOf({ ...byKey, roleArn })).toEqual({
      name: "shop",
      region: "eu-central-1",
      instance: "shop-production",
      credentials: { accessKeyId: byKey.accessKeyId, secretAccessKey: "secret" },
    });
    expect(requestOf(byRole).credentials).toEqual({ roleArn });
  });

  it("is what differs from the environment", () => {
    expect(changesIn(environment, { ...byRole, name: "new", roleArn: "" })).toEqual({ name: "new" });
    expect(changesIn(environment, { ...byRole, roleArn: "" })).toEqual({});
    expect(changesIn(environment, byRole)).toEqual({ credentials: { roleArn } });
  });
});

describe("what is asked for before AWS is", () => {
  it("is a name and access", () => {
    expect(() => requireAccess(EMPTY_DRAFT)).toThrow(
      /^name: must not be empty; roleArn: must be the ARN of a role/,
    );
    expect(() => requireAccess({ ...EMPTY_DRAFT, name: "shop", by: "key" })).toThrow(
      "accessKeyId: must not be empty; secretAccessKey: must not be empty",
    );
    for (const draft of [byRole, byKey]) expect(() => requireAccess(draft)).not.toThrow();
  });

  it("is an instance and its region", () => {
    expect(() => requireInstance(EMPTY_DRAFT)).toThrow(/^region: .*; instance: /);
    expect(() => requireInstance(byRole)).not.toThrow();
  });

  it("is the key again, where it would be used for another instance", () => {
    const kept = { ...byKey, accessKeyId: "", secretAccessKey: "" };
    for (const moved of [{ region: "us-east-1" }, { instance: "other" }]) {
      expect(() => changesIn(environment, { ...kept, ...moved })).toThrow("accessKeyId: give the key again");
    }
    expect(changesIn(environment, { ...byKey, instance: "other" })).toMatchObject({ instance: "other" });
    // A role's own policy says for what it can be used.
    expect(changesIn(environment, { ...byRole, roleArn: "", instance: "other" })).toEqual({
      instance: "other",
    });
  });
});

it("what is wrong in a step that is done is said with the field's name", () => {
  expect(inWords({ fields: { secretAccessKey: "must have no spaces" }, form: "And more" })).toBe(
    "The secret access key must have no spaces. And more",
  );
  expect(inWords({ fields: {}, form: null })).toBeNull();
});

describe("when the access has changed, the instance that was chosen by another one", () => {
  const chosen: EnvironmentDraft = { ...byRole, parameterGroup: "shop-params", cluster: "shop" };
  const forgotten = { instance: "", parameterGroup: "", cluster: "", accountId: "" };

  it("is forgotten, with its group and its cluster, but its region stays", () => {
    const other = { ...chosen, roleArn: "arn:aws:iam::999999999999:role/captures" };
    expect(afterAccess(other, chosen)).toEqual({ ...other, ...forgotten });
    const key = { ...chosen, by: "key" as const, accessKeyId: "AKIAEXAMPLE000000000" };
    expect(afterAccess(key, chosen)).toEqual({ ...key, ...forgotten });
    expect(afterAccess({ ...key, accessKeyId: "AKIAOTHER00000000000" }, key).instance).toBe("");
  });

  it("stays where only the name or the secret is another, or it was typed for the new access", () => {
    const renamed = { ...chosen, name: "other", secretAccessKey: "other" };
    expect(afterAccess(renamed, chosen)).toEqual(renamed);
    const typed = { ...chosen, roleArn: "arn:aws:iam::999999999999:role/captures", instance: "typed" };
    expect(afterAccess(typed, chosen)).toEqual(typed);
    expect(afterAccess(chosen, null)).toEqual(chosen);
  });
});
