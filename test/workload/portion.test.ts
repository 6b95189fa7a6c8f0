import { expect, it } from "vitest";
import { readPortion } from "../../src/workload/portion.ts";

/** A file as RDS shows it: its markers are offsets, and bytes that are no UTF-8 become U+FFFD. */
function download(file: Uint8Array) {
  return async (marker: string, lines = Number.POSITIVE_INFINITY) => {
    let end = Number(marker);
    for (let line = 0; line < lines && end < file.length; line++) {
      const newline = file.indexOf(10, end);
      end = newline < 0 ? file.length : newline + 1;
    }
    const data = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(
      file.subarray(Number(marker), end),
    );
    return { ok: true as const, value: { data, marker: String(end), pending: end < file.length } };
  };
}

it("reads a file that grows byte by byte without breaking a character", async () => {
  const text = "first\n\u00e9\u5bff \u{1F363}\n\n\u{1F363}\u{1F363} last\n";
  const bytes = new TextEncoder().encode(text);
  let [read, marker] = ["", "0"];
  for (let size = 0; size <= bytes.length; size++) {
    const portion = await readPortion(marker, true, download(bytes.subarray(0, size)));
    if (!portion.ok) throw new Error(portion.failure.message);
    read += portion.value.data;
    marker = portion.value.marker;
  }
  expect(read).toBe(text);
});

it("reads whole lines before a broken character, in one go", async () => {
  const bytes = new TextEncoder().encode("a\nb\n\u{1F363}").subarray(0, -1);
  const portion = await readPortion("0", true, download(bytes));
  expect(portion).toMatchObject({ ok: true, value: { data: "a\nb\n", marker: "4" } });
});

it("takes what there is of a file that does not grow any more", async () => {
  const bytes = new TextEncoder().encode("a\n\u{1F363}").subarray(0, -1);
  const portion = await readPortion("0", false, download(bytes));
  expect(portion).toMatchObject({ ok: true, value: { data: "a\n\ufffd", pending: false } });
});
