import { dirname } from "node:path";
import ts from "../../../src/client/node_modules/typescript/lib/typescript.js";
import { describedAs, descriptionOf, type OpenApi } from "./descriptions.ts";
import { Printer } from "./printer.ts";

/*
 * Makes the declarations of a package: one file that needs no other.
 */

const { SymbolFlags } = ts;

/**
 * The declarations of all that a module exports.
 * @param entry the module's file
 * @param config the tsconfig.json that it is checked with
 * @param openApi the API's description, whose words become comments
 * @throws Error when the module or its declarations do not compile, or a type can't be said without the code that it is of
 */
export function declare(entry: string, config: string, openApi: OpenApi): string {
  const program = ts.createProgram([entry], optionsOf(config));
  // `npm run check` checks the rest, with a newer TypeScript.
  const own = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${dirname(entry)}/`));
  for (const file of own) refuseErrors(program, file);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
  const exported = checker.getExportsOfModule(module).map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
  const isType = ({ flags }: ts.Symbol) =>
    flags & (SymbolFlags.TypeAlias | SymbolFlags.Interface | SymbolFlags.Class);
  const types = exported.filter(({ symbol }) => isType(symbol));
  const names = new Map(types.map(({ name, symbol }) => [symbol, name]));
  const printer = new Printer({ checker, program, names });
  for (const { name, symbol } of types) {
    const isPlain = parametersOf(symbol) === undefined && !(symbol.flags & SymbolFlags.Class);
    if (isPlain) printer.addName(name, checker.getDeclaredTypeOfSymbol(symbol));
  }
  const declarations = exported
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, symbol }) => declarationOf(name, symbol, { checker, printer, openApi }));
  return formatted(declarations.join("\n\n"));
}

/** What declarations are made with. */
interface Making {
  checker: ts.TypeChecker;
  printer: Printer;
  openApi: OpenApi;
}

/** The declaration of a type, a class, a function or a constant. */
function declarationOf(name: string, symbol: ts.Symbol, { checker, printer, openApi }: Making): string {
  const described = describedAs(name, openApi);
  const doc = printer.docOf(symbol, descriptionOf(described));
  if (symbol.flags & SymbolFlags.Class) return `${doc}${classOf(name, symbol, checker, printer)}`;
  if (symbol.flags & (SymbolFlags.Function | SymbolFlags.Variable)) {
    const type = checker.getTypeOfSymbol(symbol);
    const [signature] = checker.getSignaturesOfType(type, ts.SignatureKind.Call);
    return signature === undefined
      ? `${doc}export declare const ${name}: ${printer.print(type)};`
      : `${doc}export declare function ${name}${printer.signature(signature, ": ")};`;
  }
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const head = `${name}${printer.typeParameters(parametersOf(symbol))}`;
  const text = printer.expand(type, described);
  return text.startsWith("{") && !type.isUnion()
    ? `${doc}export interface ${head} ${text}`
    : `${doc}export type ${head} = ${text};`;
}

/** The declaration of a class: its own properties, and its constructor. */
function classOf(name: string, symbol: ts.Symbol, checker: ts.TypeChecker, printer: Printer): string {
  const [base] = checker.getBaseTypes(checker.getDeclaredTypeOfSymbol(symbol) as ts.InterfaceType);
  const statics = checker.getTypeOfSymbol(symbol);
  const [construct] = checker.getSignaturesOfType(statics, ts.SignatureKind.Construct);
  const own = [...(symbol.members?.values() ?? [])].filter(({ flags }) => flags & SymbolFlags.Property);
  const properties = own.map((property) => printer.property(property, { named: {}, schemas: [] }));
  const parameters = printer.signature(construct as ts.Signature, ": ").replace(/: \w+$/, "");
  return `export declare class ${name}${base ? ` extends ${printer.print(base)}` : ""} {
${[...properties, `constructor${parameters};`].join("\n")}
}`;
}

/** The type parameters of a type that has some. */
function parametersOf({ declarations = [] }: ts.Symbol): readonly ts.TypeParameterDeclaration[] | undefined {
  const [declaration] = declarations;
  if (declaration === undefined) return undefined;
  return ts.isTypeAliasDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)
    ? declaration.typeParameters
    : undefined;
}

function optionsOf(config: string): ts.CompilerOptions {
  const { config: read, error } = ts.readConfigFile(config, ts.sys.readFile);
  if (error !== undefined) throw new Error(wordsOf([error]));
  return ts.parseJsonConfigFileContent(read, ts.sys, dirname(config)).options;
}

/** The text as TypeScript would write it, once it is known that it stands alone: with no types but those of the web. */
function formatted(text: string): string {
  const file = "index.d.ts";
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    lib: ["lib.es2020.d.ts", "lib.dom.d.ts"],
    types: [],
    noEmit: true,
  };
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? source : getSourceFile(name, ...rest));
  refuseErrors(ts.createProgram([file], options, host));
  return ts.createPrinter({ newLine: ts.NewLineKind.LineFeed }).printFile(source);
}

/** @throws Error when a program does not compile */
function refuseErrors(program: ts.Program, file?: ts.SourceFile): void {
  const errors = ts.getPreEmitDiagnostics(program, file);
  if (errors.length > 0) throw new Error(wordsOf(errors));
}

const wordsOf = (errors: readonly ts.Diagnostic[]): string =>
  ts.formatDiagnostics(errors, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => "\n",
  });
