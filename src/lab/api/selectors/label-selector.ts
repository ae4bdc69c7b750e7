import { labelKeyFaults, labelValueFaults } from "../admission/names.ts";
import { badRequest } from "../status.ts";

type Labels = Readonly<Record<string, string>>;

export type LabelSelector = (labels: Labels) => boolean;

type Operator = "exists" | "!" | "=" | "==" | "!=" | "in" | "notin";

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

interface Token {
  readonly kind: "word" | "symbol" | "end";
  readonly text: string;
}

/** Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws the refusal that a genuine server sends. */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = new Parser(text).parse();
  return (labels) => requirements.every((requirement) => holds(requirement, labels));
}

/** `!=` and `notin` hold for objects without the key. */
function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
  }
}

const BINARY = ["=", "!=", "in", "notin", "=="] as const;
const EXPECTED_OPERATORS = "in, notin, =, ==, !=, gt, lt";

function isBinary(text: string): text is (typeof BINARY)[number] {
  return (BINARY as readonly string[]).includes(text);
}

function tokenize(text: string): readonly Token[] {
  const tokens = [...text.matchAll(/[ \t\r\n]+|==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+/g)]
    .map(([token]) => token)
    .filter((token) => token.trim() !== "")
    .map((token): Token => ({ kind: /^[=!(),<>]/.test(token) ? "symbol" : "word", text: token }));
  return [...tokens, { kind: "end", text: "" }];
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): readonly Requirement[] {
    const requirements: Requirement[] = [];
    while (this.#peek().kind !== "end") {
      const start = this.#peek();
      if (!this.#mayStart(start)) throw this.#found(start, "!, identifier, or 'end of string'");
      requirements.push(this.#requirement());
      const after = this.#next();
      if (after.kind === "end") break;
      if (after.text !== ",") throw this.#found(after, "',' or 'end of string'");
      if (!this.#mayStart(this.#peek())) throw this.#found(this.#peek(), "identifier after ','");
    }
    return requirements;
  }

  #requirement(): Requirement {
    const isNegated = this.#peek().text === "!";
    if (isNegated) this.#next();
    const key = this.#word("identifier");
    refuseFaults(key, labelKeyFaults(key));
    const following = this.#peek();
    if (isNegated || following.kind === "end" || following.text === ",") {
      return { key, operator: isNegated ? "!" : "exists", values: [] };
    }
    const operator = this.#next();
    if (!isBinary(operator.text)) throw this.#requirementError(operator, EXPECTED_OPERATORS);
    const values = operator.kind === "word" ? this.#set() : [this.#value()];
    for (const value of values) refuseFaults(value, labelValueFaults(value));
    return { key, operator: operator.text, values };
  }

  /** `a=` and `a=,b` ask for an empty value. */
  #value(): string {
    const next = this.#peek();
    return next.kind === "end" || next.text === "," ? "" : this.#word("identifier");
  }

  #set(): readonly string[] {
    const open = this.#next();
    if (open.text !== "(") throw this.#requirementError(open, "'('");
    const values: string[] = [];
    for (;;) {
      const token = this.#peek();
      values.push(token.kind === "word" ? this.#word("identifier") : "");
      const after = this.#next();
      if (after.text === ")") return values;
      if (after.text !== ",") throw this.#requirementError(after, "',' or ')'");
    }
  }

  #word(expected: string): string {
    const token = this.#next();
    if (token.kind !== "word") throw this.#requirementError(token, expected);
    return token.text;
  }

  #mayStart(token: Token): boolean {
    return token.kind === "word" || token.text === "!";
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { kind: "end", text: "" };
  }

  #next(): Token {
    const token = this.#peek();
    this.#position += 1;
    return token;
  }

  #found(token: Token, expected: string): Error {
    return badRequest(`found '${token.text}', expected: ${expected}`);
  }

  #requirementError(token: Token, expected: string): Error {
    return badRequest(`unable to parse requirement: found '${token.text}', expected: ${expected}`);
  }
}

function refuseFaults(value: string, faults: readonly string[]): void {
  const [fault] = faults;
  if (fault !== undefined) {
    throw badRequest(`unable to parse requirement: Invalid value: ${JSON.stringify(value)}: ${fault}`);
  }
}
