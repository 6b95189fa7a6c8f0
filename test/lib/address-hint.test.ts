import { expect, test } from "vitest";
import { addressHint } from "../../src/lib/address-hint.ts";

test.each([
  ["https://hooks.shop.com/", "https://hooks.shop.com/"],
  ["https://hooks.shop.com/captures", "https://hooks.shop.com/…"],
  ["https://hooks.shop.com:8443/services/0123456789abcdef", "https://hooks.shop.com:8443/…cdef"],
  ["https://hooks.shop.com/?token=secret", "https://hooks.shop.com/?…"],
  ["https://hooks.shop.com/captures?token=secret#more", "https://hooks.shop.com/…?…"],
  ["https://hooks.shop.com/captures#secret", "https://hooks.shop.com/…"],
  ["https://[2606:4700::1111]/hook", "https://[2606:4700::1111]/…"],
  ["https://hooks.slack.com/services/T000/B000/secretpart", "https://hooks.slack.com/…"],
  // As earlier versions have stored it.
  ["https://hooks.slack.com/…part", "https://hooks.slack.com/…"],
  ["https://hooks.shop.com/services/0123456789abcdef?…", "https://hooks.shop.com/…cdef?…"],
  ["no address", "…"],
])("of %s is shown %s, and the same of what is shown", (address, shown) => {
  expect(addressHint(address)).toBe(shown);
  expect(addressHint(shown)).toBe(shown);
});
