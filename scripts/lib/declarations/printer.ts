import ts from "../../../src/client/node_modules/typescript/lib/typescript.js";
import { type Described, descriptionOf, inside, noDescription } from "./descriptions.ts";

/*
 * Writes types out until nothing is left that only this repository knows: the types of zod's schemas, above all. What the package
 * exports is said by its name, and what is of TypeScript's own libraries by its. It uses the compiler's API (`ts.TypeChecker`).
 */

/** What the printer has to know of the package. */
export interface Package {
  checker: ts.TypeChecker;
  program: ts.Program;
  /** The names of exported types, by the symbol that declares them: of an alias, an interface or a class. */
  names: ReadonlyMap<ts.Symbol, string>;
}

const { TypeFlags, ObjectFlags, SymbolFlags } = ts;
/** Types that are written out have no circles; a depth that no reply has shows one. */
const MAX_DEPTH = 30;

/** Writes types of one package. */
export class Printer {
  readonly #checker: ts.TypeChecker;
  readonly #program: ts.Program;
  readonly #names: ReadonlyMap<ts.Symbol, string>;
  /** Names of exported types by their spelling: zod makes equal types anew at each use. Empty where two are spelled alike. */
  readonly #bySpelling = new Map<string, string>();
  readonly #spellings = new Map<ts.Type, string>();
  #isSpelling = false;
  #depth = 0;

  constructor({ checker, program, names }: Package) {
    this.#checker = checker;
    this.#program = program;
    this.#names = names;
  }

  /** Lets types that are spelled like this one be said by its name, if no other exported type is. */
  addName(name: string, type: ts.Type): void {
    const spelling = this.#spell(type);
    if (spelling === "{}" || !/^\{| \| /.test(spelling)) return;
    this.#bySpelling.set(spelling, this.#bySpelling.has(spelling) ? "" : name);
  }

  /** A type, by its name where it has one. */
  print(type: ts.Type, schema: Described = noDescription): string {
    if (this.#isSpelling) return this.expand(type, noDescription);
    return this.#nameOf(type) ?? (this.#bySpelling.get(this.#spell(type)) || this.expand(type, schema));
  }

  /** A type written out altogether, without a name or a word: the same text for equal types. */
  #spell(type: ts.Type): string {
    const known = this.#spellings.get(type);
    if (known !== undefined) return known;
    const before = this.#isSpelling;
    this.#isSpelling = true;
    const spelling = this.expand(type, noDescription);
    this.#isSpelling = before;
    this.#spellings.set(type, spelling);
    return spelling;
  }

  /**
   * A type, written out, whatever its name.
   * @throws Error for a type that can't be said without the code that it is of
   */
  expand(type: ts.Type, schema: Described): string {
    if (this.#depth > MAX_DEPTH) throw new Error(`A type is circular: ${this.#checker.typeToString(type)}`);
    this.#depth++;
    try {
      return this.#expand(type, schema);
    } finally {
      this.#depth--;
    }
  }

  #expand(type: ts.Type, schema: Described): string {
    const checker = this.#checker;
    if (type.isUnion()) return this.#union(type, schema);
    if (type.flags & TypeFlags.TypeParameter) return type.symbol.name;
    if (type.flags & TypeFlags.IndexedAccess) {
      const { objectType, indexType } = type as ts.IndexedAccessType;
      return `${this.print(objectType)}[${this.print(indexType)}]`;
    }
    if (type.flags & TypeFlags.Index) return `keyof ${this.print((type as ts.IndexType).type)}`;
    if (!(type.flags & (TypeFlags.Object | TypeFlags.Intersection))) {
      if (type.flags & (TypeFlags.Conditional | TypeFlags.Substitution)) {
        throw new Error(`A type depends on another: ${checker.typeToString(type)}`);
      }
      return checker.typeToString(type);
    }
    if (checker.isTupleType(type)) {
      return `[${checker
        .getTypeArguments(type as ts.TypeReference)
        .map((one) => this.print(one))
        .join(", ")}]`;
    }
    if (checker.isArrayType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference) as [ts.Type];
      const text = this.print(element, inside(schema));
      const readonly = type.symbol.name === "ReadonlyArray" ? "readonly " : "";
      return `${readonly}${/^\w+$|^\{.*\}$/s.test(text) ? text : `(${text})`}[]`;
    }
    if (this.#isOfLibrary(type)) return this.#reference(type.symbol.name, type);
    const [signature, another] = checker.getSignaturesOfType(type, ts.SignatureKind.Call);
    const [construct] = checker.getSignaturesOfType(type, ts.SignatureKind.Construct);
    if (another !== undefined) throw new Error(`A function is overloaded: ${checker.typeToString(type)}`);
    if (signature !== undefined) return this.signature(signature, " => ");
    if (construct !== undefined) return `new ${this.signature(construct, " => ")}`;
    return this.members(type, schema);
  }

  /** The name of an exported type, with its arguments. */
  #nameOf(type: ts.Type): string | undefined {
    const alias = type.aliasSymbol && this.#names.get(type.aliasSymbol);
    if (alias !== undefined) return this.#withArguments(alias, type.aliasTypeArguments ?? []);
    const name = type.symbol && this.#names.get(type.symbol);
    return name === undefined ? undefined : this.#reference(name, type);
  }

  #reference(name: string, type: ts.Type): string {
    const isReference = ((type as ts.ObjectType).objectFlags ?? 0) & ObjectFlags.Reference;
    return this.#withArguments(
      name,
      isReference ? this.#checker.getTypeArguments(type as ts.TypeReference) : [],
    );
  }

  #withArguments(name: string, args: readonly ts.Type[]): string {
    return args.length === 0 ? name : `${name}<${args.map((one) => this.print(one)).join(", ")}>`;
  }

  /** Whether it is a type of TypeScript's own libraries, such as Promise. */
  #isOfLibrary(type: ts.Type): boolean {
    const [declaration] = type.symbol?.declarations ?? [];
    if (declaration === undefined || !(type.symbol.flags & (SymbolFlags.Interface | SymbolFlags.Class)))
      return false;
    return this.#program.isSourceFileDefaultLibrary(declaration.getSourceFile());
  }

  #union({ types }: ts.UnionType, schema: Described): string {
    const has = (flag: ts.TypeFlags) => types.some(({ flags }) => flags & flag);
    const isNothing = TypeFlags.Null | TypeFlags.Undefined;
    // The compiler has true and false where a boolean is meant.
    const isBoolean = types.filter(({ flags }) => flags & TypeFlags.BooleanLiteral).length === 2;
    const isLeftOut = isNothing | (isBoolean ? TypeFlags.BooleanLiteral : 0);
    const parts = types.filter(({ flags }) => !(flags & isLeftOut));
    const boolean = isBoolean ? ["boolean"] : [];
    const inBrackets = (text: string) => (text.includes("=>") ? `(${text})` : text);
    const nothing = [
      ...(has(TypeFlags.Null) ? ["null"] : []),
      ...(has(TypeFlags.Undefined) ? ["undefined"] : []),
    ];
    const spelling = [...parts.map((part) => this.#spell(part)), ...boolean].join(" | ");
    const name = this.#isSpelling || nothing.length === 0 ? undefined : this.#bySpelling.get(spelling);
    const texts = name ? [name] : [...parts.map((part) => inBrackets(this.print(part, schema))), ...boolean];
    return [...new Set(texts), ...nothing].join(" | ");
  }

  /** The members of an object's type, in braces. */
  members(type: ts.Type, schema: Described): string {
    const checker = this.#checker;
    const indexes = checker.getIndexInfosOfType(type).map(({ keyType, type: value, isReadonly }) => {
      const key = `${isReadonly ? "readonly " : ""}[key: ${this.print(keyType)}]`;
      return `${key}: ${this.print(value, inside(schema))};`;
    });
    const properties = checker.getPropertiesOfType(type).map((property) => this.property(property, schema));
    const all = [...indexes, ...properties];
    return all.length === 0 ? "{}" : `{\n${all.join("\n")}\n}`;
  }

  /** A property, with a comment if anything may be said. */
  property(property: ts.Symbol, parent: Described): string {
    const schema = inside(parent, property.name);
    const type = this.#checker.getTypeOfSymbol(property);
    const isOptional = Boolean(property.flags & SymbolFlags.Optional);
    const printed = this.print(type, schema);
    const text = isOptional && !this.#allowsUndefined(type) ? printed.replace(/ \| undefined$/, "") : printed;
    const [declaration] = property.declarations ?? [];
    const isReadonly =
      declaration !== undefined && ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Readonly;
    const name = /^[\w$]+$/.test(property.name) ? property.name : JSON.stringify(property.name);
    const said = parent === noDescription ? "" : this.docOf(property, descriptionOf(schema));
    return `${said}${isReadonly ? "readonly " : ""}${name}${isOptional ? "?" : ""}: ${text};`;
  }

  /** Whether undefined is among the values, not only because the property may be absent (`exactOptionalPropertyTypes`). */
  #allowsUndefined(type: ts.Type): boolean {
    const parts = type.isUnion() ? type.types : [type];
    return parts.includes(this.#checker.getUndefinedType());
  }

  /** A signature; before its result stands `: ` or ` => `. */
  signature(signature: ts.Signature, before: ": " | " => "): string {
    const parameters = signature.parameters.map((parameter, index) => this.#parameter(parameter, index));
    const result = this.print(this.#checker.getReturnTypeOfSignature(signature));
    const own = this.typeParameters(signature.getDeclaration().typeParameters);
    return `${own}(${parameters.join(", ")})${before}${result}`;
  }

  /** Type parameters with what they extend and are by default, in brackets; nothing where there are none. */
  typeParameters(parameters: readonly ts.TypeParameterDeclaration[] | undefined): string {
    if (parameters === undefined || parameters.length === 0) return "";
    const texts = parameters.map(({ name, constraint, default: byDefault }) => {
      const of = (node: ts.TypeNode | undefined, word: string) =>
        node === undefined ? "" : ` ${word} ${this.print(this.#checker.getTypeFromTypeNode(node))}`;
      return `${name.text}${of(constraint, "extends")}${of(byDefault, "=")}`;
    });
    return `<${texts.join(", ")}>`;
  }

  #parameter(parameter: ts.Symbol, index: number): string {
    const declaration = parameter.valueDeclaration as ts.ParameterDeclaration | undefined;
    const type = this.#checker.getTypeOfSymbol(parameter);
    if (declaration === undefined) return `${parameter.name}: ${this.print(type)}`;
    if (declaration.dotDotDotToken) throw new Error(`${parameter.name} is a rest parameter`);
    // One that is taken apart has no name.
    const name = ts.isIdentifier(declaration.name)
      ? declaration.name.text
      : index === 0
        ? "details"
        : "options";
    if (!this.#checker.isOptionalParameter(declaration)) return `${name}: ${this.print(type)}`;
    // `?` says that it may be undefined.
    return `${name}?: ${this.print(type).replace(/ \| undefined$/, "")}`;
  }

  /** What is said of a symbol where the package declares it, or else what its schema says, as a comment before it. */
  docOf(symbol: ts.Symbol, description?: string): string {
    for (const declaration of symbol.declarations ?? []) {
      // A field of a schema is described by the schema.
      if (!declaration.getSourceFile().fileName.includes("/src/client/") && description !== undefined)
        continue;
      const [doc] = ts.getJSDocCommentsAndTags(declaration).filter(ts.isJSDoc);
      if (doc !== undefined) return `${doc.getText().replace(/\n\s*\*/g, "\n *")}\n`;
    }
    return description === undefined ? "" : `/** ${description.replaceAll("*/", "*\\/")} */\n`;
  }
}
