const files = import.meta.glob<string>("/test/fixtures/general/*.log", {
  query: "?inline",
  import: "default",
  eager: true,
});

/** General logs that real servers wrote, byte by byte (test/fixtures/general/README.md). Not all of it is UTF-8. */
export const REAL_LOGS: [name: string, log: Uint8Array][] = Object.entries(files).map(([path, url]) => [
  path.slice(path.lastIndexOf("/") + 1),
  Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (char) => char.charCodeAt(0)),
]);

/** The passwords in them, all made up. */
export const REAL_PASSWORDS = [
  "Kaffee-und-Kuchen-9",
  "nur lesen; bitte''s",
  "Quartalszahlen!2026",
  "Jahreszahlen?2027",
  "Nachtlauf/77",
  "Nachtlauf/78",
  "Monatszahlen.2028",
  "Kaffee\n2",
  "Replik-1",
  "Vertippt-1",
  "kein-hash",
  "Vorbereitet-5",
  "Fern-6",
];
