import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SEAL_KEYS, type SealedCapture } from "../../src/environments/seal-keys.ts";
import { openTextOf, sealTextOf } from "../../src/environments/sealed-text.ts";
import { createCapture } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { inFuture } from "../support/time.ts";

const cast = castForEachTest();

/** A capture of a sealed environment, with the keys that the environment has now. */
async function sealedCapture(): Promise<() => Promise<SealedCapture>> {
  const { id } = await createCapture(cast.owner, {
    envId: cast.environment.id,
    scheduledStart: inFuture(3_600_000),
  });
  await env.DB.prepare("update captures set sealed = 1 where id = ?1").bind(id).run();
  return async () =>
    (await env.DB.prepare(`select c.env_id as envId, ${SEAL_KEYS} from captures c where c.id = ?1`)
      .bind(id)
      .first<SealedCapture>()) as SealedCapture;
}

test("a text is sealed with the environment's key, differently each time, and opens as what it is", async () => {
  const capture = await sealedCapture();
  const [one, other] = [
    await sealTextOf(env, await capture(), "a note", "SELECT ?"),
    await sealTextOf(env, await capture(), "a note", "SELECT ?"),
  ];
  expect(one).not.toBe(other);
  for (const sealed of [one, other])
    expect(await openTextOf(env, await capture(), "a note", sealed)).toBe("SELECT ?");
});

test("a text that was changed, is of something else, or whose key is destroyed does not open", async () => {
  const capture = await sealedCapture();
  const sealed = await sealTextOf(env, await capture(), "a note", "SELECT ?");
  const opening = async (text: string, purpose = "a note") => openTextOf(env, await capture(), purpose, text);
  await expect(opening(sealed, "another note")).rejects.toThrow();
  const last = sealed.at(-2) === "A" ? "B" : "A";
  await expect(opening(`${sealed.slice(0, -2)}${last}${sealed.slice(-1)}`)).rejects.toThrow();
  await expect(opening("2.1.salt.text")).rejects.toThrow("A sealed text is not of its form");
  await env.DB.prepare("delete from seal_keys").run();
  await expect(opening(sealed)).rejects.toThrow(/has no key 1 any more/);
});
