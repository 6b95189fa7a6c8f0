import { expect, it } from "vitest";
import { linesThatFit, readPortion } from "../../src/logs/portion.ts";

const encoder = new TextEncoder();

/** A file as RDS shows it: its markers are offsets, and bytes that are no UTF-8 become U+FFFD. */
function download(file: Uint8Array) {
  return async (marker: string, lines = Number.POSITIVE_INFINITY) => {
    let end = Number(marker);
    for (let line = 0; line < lines && end < file.length; line++) {
      const newline = file.indexOf(10, end);
      end = newline < 0 ? file.length : newline + 1;
    }
    const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(
      file.subarray(Number(marker), end),
    );
    const data = encoder.encode(text);
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
    read += new TextDecoder().decode(portion.value.data);
    marker = portion.value.marker ?? "";
  }
  expect(read).toBe(text);
});

it("reads whole lines before a broken character, in one go", async () => {
  const bytes = new TextEncoder().encode("a\nb\n\u{1F363}").subarray(0, -1);
  const portion = await readPortion("0", true, download(bytes));
  expect(portion).toMatchObject({ ok: true, value: { data: encoder.encode("a\nb\n"), marker: "4" } });
});

it("takes all of a file that no longer grows", async () => {
  const bytes = new TextEncoder().encode("a\n\u{1F363}").subarray(0, -1);
  const portion = await readPortion("0", false, download(bytes));
  expect(portion).toMatchObject({ ok: true, value: { data: encoder.encode("a\n\ufffd"), pending: false } });
});

const MB = 1024 * 1024;

/** The same with RDS's limits: 10,000 lines and 1 MB, where the line that passes it is cut and the rest of it skipped. */
function limitedDownload(file: Uint8Array) {
  const asked: (number | undefined)[] = [];
  const whole = download(file);
  const limited = async (marker: string, lines?: number) => {
    asked.push(lines);
    const { value } = await whole(marker, Math.min(lines ?? Number.POSITIVE_INFINITY, 10_000));
    if (value.data.length <= MB) return { ok: true as const, value };
    const cut = file.subarray(Number(marker), Number(marker) + MB);
    const end = file.indexOf(10, Number(marker) + MB) + 1;
    const data = encoder.encode(`${new TextDecoder().decode(cut)} [Your log message was truncated]\n`);
    return { ok: true as const, value: { data, marker: String(end), pending: end < file.length } };
  };
  return { asked, download: limited };
}

/** Reads a whole file, portion by portion, each with what the one before says of the next. */
async function readAll(download: ReturnType<typeof limitedDownload>["download"], lines?: number) {
  let [read, marker, pending, portions] = ["", "0", true, 0];
  let atOnce = lines;
  while (pending) {
    const portion = await readPortion(marker, false, download, atOnce);
    if (!portion.ok) throw new Error(portion.failure.message);
    read += new TextDecoder().decode(portion.value.data);
    atOnce = linesThatFit(portion.value.data);
    marker = portion.value.marker ?? "";
    pending = portion.value.pending;
    portions++;
  }
  return { read, portions };
}

const line = (length: number, of: number) => `${of}${"x".repeat(length - 1 - String(of).length)}\n`;

it("downloads only the first portion twice when the lines have the same length", async () => {
  const text = Array.from({ length: 30_000 }, (_, i) => line(100 + (i % 200), i)).join("");
  const { asked, download } = limitedDownload(encoder.encode(text));
  const { read, portions } = await readAll(download);
  expect(read).toBe(text);
  expect(portions).toBeGreaterThan(5);
  expect(asked.length).toBe(portions + 1);
});

it("asks for no number of lines when as many fit as RDS gives at most", async () => {
  const text = Array.from({ length: 25_000 }, (_, i) => line(20, i)).join("");
  const { asked, download } = limitedDownload(encoder.encode(text));
  expect((await readAll(download)).read).toBe(text);
  expect(asked).toEqual([undefined, undefined, undefined]);
});

it("reads every line whole, however wrong its estimate of how many fit", async () => {
  // Short lines, then long ones, then some that nearly fill a portion, then short ones again.
  const lengths = [20_000, 400, 4, 20_000].flatMap((count, i) =>
    Array<number>(count).fill([60, 5000, 900_000, 60][i] as number),
  );
  const text = lengths.map((length, i) => line(length, i)).join("");
  for (const lines of [undefined, 1, 9_999]) {
    const { read } = await readAll(limitedDownload(encoder.encode(text)).download, lines);
    expect(read === text).toBe(true);
  }
});

it("says that a line is cut that can't be had whole, also when it asked for few lines", async () => {
  const { download } = limitedDownload(encoder.encode(`${line(2_000_000, 1)}next\n`));
  const portion = await readPortion("0", false, download, 3);
  expect(portion).toMatchObject({ ok: true, value: { isCut: true, pending: true } });
});
