import type { Located, LocatedEntry, LocatedScalar } from "./located.ts";
import type { Place } from "./model.ts";
import { hintWord } from "./nearest-word.ts";
import type { ManifestProblem } from "./problems.ts";
import { isReadDifferentlyIn11 } from "./yaml-scalar.ts";

/** A file as its cursors know it: where an offset stands, and where what they find is collected. */
export interface CursorSource {
  readonly placeAt: (offset: number) => Place;
  readonly problems: ManifestProblem[];
  readonly warnings: { readonly place: Place; readonly message: string }[];
}

export type Fields<Name extends string> = { readonly [Field in Name]?: Cursor };

/** What stands at one place of a file, its path in the object, and the expectations that it can be held to. */
export class Cursor {
  readonly path: string;
  readonly node: Located;
  readonly #key: LocatedScalar | undefined;
  readonly #source: CursorSource;

  constructor(source: CursorSource, node: Located, at: { path: string; key?: LocatedScalar } = { path: "" }) {
    this.path = at.path;
    this.node = node;
    this.#key = at.key;
    this.#source = source;
  }

  get place(): Place {
    return this.#source.placeAt(this.node.offset);
  }

  get isNull(): boolean {
    return this.node.kind === "scalar" && this.node.value === null;
  }

  /** `field` is a field of this object that the fault is about, `at` where it stands, if that is not where this begins. */
  problem(reason: string, options: { field?: string; hint?: string | undefined; at?: Cursor } = {}): void {
    const { field, at = this } = options;
    const path = field === undefined ? this.path : this.#childPath(field);
    const hint = at.#isTemplated ? TEMPLATE_HINT : options.hint;
    this.#source.problems.push({ place: at.place, path, reason, ...(hint !== undefined && { hint }) });
  }

  warn(message: string): void {
    this.#source.warnings.push({ place: this.place, message: this.path === "" ? message : `${this.path}: ${message}` });
  }

  /** The fields of an object that are not null. Wrong type or unknown fields are problems; null is an empty object. */
  expectFields<Name extends string>(
    known: readonly Name[],
    options: { others?: "ignored"; hint?: string } = {},
  ): Fields<Name> | undefined {
    const entries = this.#expectEntries(options.hint);
    if (entries === undefined) return undefined;
    const fields: { [Field in Name]?: Cursor } = {};
    for (const [name, entry] of entries) {
      const field = known.find((candidate) => candidate === name);
      const child = this.#child(name, entry);
      if (field === undefined) {
        if (options.others !== "ignored") child.#reportUnknown(known);
      } else if (!child.isNull) fields[field] = child;
    }
    return fields;
  }

  /** The field `name` if it is written down as null, which the API takes for absent. */
  nullField(name: string): Cursor | undefined {
    const entry = this.node.kind === "map" ? this.node.entries.get(name) : undefined;
    const child = entry && this.#child(name, entry);
    return child?.isNull ? child : undefined;
  }

  /** The field `name` if it is written down as null or as an empty list. */
  emptyField(name: string): Cursor | undefined {
    const entry = this.node.kind === "map" ? this.node.entries.get(name) : undefined;
    const isEmptyList = entry?.value.kind === "list" && entry.value.items.length === 0;
    return entry && isEmptyList ? this.#child(name, entry) : this.nullField(name);
  }

  /** An object whose keys are the user's own. */
  expectMap(): ReadonlyMap<string, Cursor> | undefined {
    const entries = this.#expectEntries();
    if (entries === undefined) return undefined;
    const children = [...entries].map(([name, entry]) => [name, this.#child(name, entry)] as const);
    for (const [name, child] of children) child.#checkKey(name);
    return new Map(children);
  }

  /** Where the key of this value stands, to report on the key; the path is the parent's matter. */
  get key(): Cursor {
    return this.#key === undefined ? this : new Cursor(this.#source, this.#key, { path: this.path });
  }

  /** The same place as the start of an object of its own, as items of a List are. */
  get asRoot(): Cursor {
    return new Cursor(this.#source, this.node);
  }

  expectList(): readonly Cursor[] | undefined {
    if (this.isNull) return [];
    if (this.node.kind !== "list") return this.#expected("a list", 'begin each item with "- "');
    const { items } = this.node;
    return items.map((item, index) => new Cursor(this.#source, item, { path: `${this.path}[${index}]` }));
  }

  /** Null is the empty text, as the API server reads it. */
  expectString(): string | undefined {
    if (this.isNull) return "";
    const { node } = this;
    if (node.kind !== "scalar") return this.#expected("a string");
    const quoted = `quote it: "${node.plain ?? ""}"`;
    if (this.#isAmbiguous(quoted)) return undefined;
    return typeof node.value === "string" ? node.value : this.#expected("a string", quoted);
  }

  expectInteger(): number | undefined {
    const { node } = this;
    if (node.kind === "scalar" && this.#isAmbiguous(DECIMAL_HINT)) return undefined;
    if (node.kind === "scalar" && typeof node.value === "number" && Number.isInteger(node.value)) return node.value;
    const isQuoted = node.kind === "scalar" && typeof node.value === "string" && /^\d+$/.test(node.value);
    return this.#expected("an integer", isQuoted ? "write it without quotes" : undefined);
  }

  expectBoolean(): boolean | undefined {
    const { node } = this;
    if (node.kind === "scalar" && this.#isAmbiguous("write true or false")) return undefined;
    if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
    return this.#expected("a boolean", "write true or false, without quotes");
  }

  expectIntegerOrString(): number | string | undefined {
    const { node } = this;
    if (node.kind !== "scalar" || typeof node.value === "boolean") return this.#expected("an integer or a string");
    if (typeof node.value === "number" || /^[-+]?\d/.test(node.plain ?? "")) return this.expectInteger();
    return this.expectString();
  }

  get #isTemplated(): boolean {
    return this.node.kind === "scalar" && typeof this.node.value === "string" && this.node.value.includes("{{");
  }

  #expectEntries(hint?: string): ReadonlyMap<string, LocatedEntry> | undefined {
    if (this.isNull) return new Map();
    if (this.node.kind === "map") return this.node.entries;
    return this.#expected("an object", this.node.kind === "list" ? 'leave out the "- "' : hint);
  }

  #child(name: string, { key, value }: LocatedEntry): Cursor {
    return new Cursor(this.#source, value, { path: this.#childPath(name), key });
  }

  #childPath(name: string): string {
    if (this.path === "") return name;
    return /^[\w-]+$/.test(name) ? `${this.path}.${name}` : `${this.path}[${name}]`;
  }

  #expected(what: string, hint?: string): undefined {
    this.problem(`expected ${what}, found ${describe(this.node)}`, { hint });
    return undefined;
  }

  #reportUnknown(known: readonly string[]): void {
    const name = this.#key?.plain ?? String(this.#key?.value);
    this.problem(`unknown field "${this.path}"`, { hint: hintWord(name, known), at: this.key });
  }

  /** kubectl makes text of a key that is a number: that is harmless only if it writes the number as it stands here. */
  #checkKey(name: string): void {
    const key = this.#key;
    if (key?.plain === undefined || (typeof key.value === "string" && !isReadDifferentlyIn11(key.plain))) return;
    if (Number.isSafeInteger(key.value) && String(key.value) === key.plain) return;
    this.problem(`the key ${name} is not text to every reader of YAML`, { hint: `quote it: "${name}"`, at: this.key });
  }

  #isAmbiguous(hint: string): boolean {
    const { node } = this;
    if (node.kind !== "scalar" || node.plain === undefined || !isReadDifferentlyIn11(node.plain)) return false;
    this.problem(`"${node.plain}" is one thing in YAML 1.1, which kubectl reads, and another in YAML 1.2`, { hint });
    return true;
  }
}

export const TEMPLATE_HINT = "if this is a Helm chart, render it first: helm template CHART | netproof prove -f -";
const DECIMAL_HINT = "write the number with decimal digits alone, without a leading zero";

function describe(node: Located): string {
  if (node.kind === "map") return "an object";
  if (node.kind === "list") return "a list";
  const { value } = node;
  if (value === null) return "nothing";
  return `the ${typeof value} ${typeof value === "string" ? JSON.stringify(value) : (node.plain ?? value)}`;
}
