import type { XmlElements, XmlValue } from "./query.ts";

/**
 * Ways to write the same XML: with a declaration, one element to a line, texts in CDATA sections or partly as references, with
 * comments, with the children of each element in the opposite order, and with elements that nobody has heard of yet.
 */
export const XML_STYLES = [
  "declaration",
  "indent",
  "cdata",
  "references",
  "comments",
  "reverse",
  "extra",
] as const;
export type XmlStyle = (typeof XML_STYLES)[number];

const EXTRA: XmlElements = { SomethingOfTomorrow: { Name: "x", Values: { member: ["1", "2"] } } };

/** What a text must not hold as it is: the marks of XML, and what a parser would change or has no way to say. */
const SPECIAL = /[&<>]|[\p{Cc}--[\t\n\x7f-\x9f]]/gv;

/** Writes a document in some ways at once. @param tree one element; names that begin with @ are attributes */
export function writeXml(tree: XmlElements, styles: readonly XmlStyle[]): string {
  const writer = new Writer(new Set(styles));
  return writer.document(tree);
}

class Writer {
  readonly #styles: ReadonlySet<XmlStyle>;

  constructor(styles: ReadonlySet<XmlStyle>) {
    this.#styles = styles;
  }

  document(tree: XmlElements): string {
    const declaration = this.#styles.has("declaration") ? '<?xml version="1.0" encoding="UTF-8"?>\n' : "";
    return declaration + this.#children(tree, 0) + (this.#styles.has("indent") ? "\n" : "");
  }

  #children(elements: XmlElements, depth: number): string {
    const given = Object.entries(elements).filter(
      ([name, value]) => !name.startsWith("@") && value !== undefined,
    );
    const written = given.map(([name, value]) => this.#elements(name, value as XmlValue, depth));
    // The root is one element, and a list holds nothing but its items: whatever else is new stands in a structure.
    const isStructure = depth > 0 && given.some(([, value]) => typeof value !== "object");
    if (this.#styles.has("extra") && isStructure) {
      const others = new Writer(this.#styles.difference(new Set(["extra"])));
      written.push(others.#children(EXTRA, depth));
    }
    return (this.#styles.has("reverse") ? written.reverse() : written).join("");
  }

  #elements(name: string, value: XmlValue, depth: number): string {
    if (Array.isArray(value)) return value.map((item) => this.#elements(name, item, depth)).join("");
    const content =
      typeof value === "object" ? this.#children(value as XmlElements, depth + 1) : this.#text(String(value));
    const attributes = typeof value === "object" ? attributesOf(value as XmlElements) : "";
    const line = this.#styles.has("indent") ? `${depth === 0 ? "" : "\n"}${"  ".repeat(depth)}` : "";
    const comment = this.#styles.has("comments") && depth > 0 ? "<!-- as before -->" : "";
    if (content === "") return `${line}${comment}<${name}${attributes}/>`;
    const end = typeof value === "object" && line !== "" ? `\n${"  ".repeat(depth)}` : "";
    return `${line}${comment}<${name}${attributes}>${content}${end}</${name}>`;
  }

  #text(text: string): string {
    if (text === "") return "";
    if (this.#styles.has("cdata")) {
      // Inside a CDATA section there are no references: what needs one stands between two sections.
      return text
        .split(/([\p{Cc}--[\t\n\x7f-\x9f]])/v)
        .map((part, index) => (index % 2 === 1 ? reference(part) : cdata(part)))
        .join("");
    }
    const escaped = text.replace(SPECIAL, reference);
    return this.#styles.has("references") ? escaped.replace(/^[\w ]/, reference) : escaped;
  }
}

function attributesOf(elements: XmlElements): string {
  return Object.entries(elements)
    .filter(([name]) => name.startsWith("@"))
    .map(([name, value]) => ` ${name.slice(1)}="${value}"`)
    .join("");
}

function cdata(text: string): string {
  return text === "" ? "" : `<![CDATA[${text.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
}

function reference(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}
