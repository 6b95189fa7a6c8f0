import { expect, it } from "vitest";
import { accountOf } from "../../src/console/lib/arn.ts";

it("the account is read from a role's ARN, of any partition", () => {
  expect(accountOf("arn:aws-cn:iam::123456789012:role/captures")).toBe("123456789012");
  expect(accountOf("captures")).toBeNull();
});
