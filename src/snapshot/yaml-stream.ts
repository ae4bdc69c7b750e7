import { Composer, type Document, Lexer, type LineCounter, Parser } from "yaml";

/** What stops the reading of a file at a place: a fault of syntax, or a bound that no sensible file reaches. */
export interface SyntaxFault {
  readonly offset: number;
  readonly reason: string;
  readonly hint?: string;
}

interface YamlStream {
  /** The documents without a fault, in order. */
  readonly documents: readonly Document[];
  /** The first fault of each document that has one: the others are mostly its consequences. */
  readonly faults: readonly SyntaxFault[];
}

/** The package's composer recurses, and a process whose stack overflows may die: no file gets that far. */
const MAX_DEPTH = 128;
const MAX_DOCUMENTS = 20_000;

/**
 * Cuts a text into YAML documents. Scalars stay text (schema "failsafe"): what they mean is decided where they are used.
 * The package's own checks for unique keys (quadratic), merges and aliases are left to the caller.
 */
export function readYamlStream(text: string, lines: LineCounter): YamlStream {
  const composer = new Composer({ schema: "failsafe", uniqueKeys: false, merge: false });
  const documents: Document[] = [];
  let bound: SyntaxFault | undefined;
  for (const token of tokens(text, lines, (fault) => (bound = fault))) {
    documents.push(...composer.next(token));
    if (documents.length > MAX_DOCUMENTS) {
      bound = { offset: token.offset, reason: `more than ${MAX_DOCUMENTS} documents`, hint: "split the file" };
      break;
    }
  }
  documents.push(...composer.end());
  const stray = documents.length === 0 ? composer.streamInfo().errors : [];
  const firstErrors = [stray[0], ...documents.map(({ errors }) => errors[0])];
  const faults = firstErrors.flatMap((error) => (error === undefined ? [] : [describe(error)]));
  return {
    documents: documents.filter(({ errors }) => errors.length === 0),
    faults: bound === undefined ? faults : [...faults, bound],
  };
}

type CstToken = Parameters<Composer["next"]>[0];

/** Syntax tokens up to the first bound; of consecutive errors only the first, as a text may consist of nothing else. */
function* tokens(text: string, lines: LineCounter, onBound: (fault: SyntaxFault) => void): Generator<CstToken> {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  let isAfterError = false;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type !== "error" || !isAfterError) yield token;
      isAfterError = token.type === "error";
    }
    if (parser.stack.length > MAX_DEPTH) {
      onBound({ offset: parser.offset - lexeme.length, reason: `nested more than ${MAX_DEPTH} levels deep` });
      return;
    }
  }
  yield* parser.end();
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "indent with spaces",
  BAD_SCALAR_START: "quote the value",
  BLOCK_AS_IMPLICIT_KEY: 'quote a value that holds ": "',
};

function describe(error: { code: string; message: string; pos: readonly [number, number] }): SyntaxFault {
  const hint = HINTS[error.code];
  const reason = `not valid YAML: ${error.message}`;
  return { offset: error.pos[0], reason, ...(hint === undefined ? {} : { hint }) };
}
