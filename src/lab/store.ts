import { randomUUID } from "node:crypto";
import type { Change, KubeObject, ObjectMeta, Store } from "./contracts.ts";
import { frozenCopy, sameJson } from "./store-json.ts";

/** An object on its way into the store: the store fills in what only it can know. */
export interface Draft {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Partial<ObjectMeta> & { readonly name: string };
  readonly [field: string]: unknown;
}

export interface StoredChange extends Change {
  /** What the object was before; a selector needs it to tell "changed" from "came in" and "went out". */
  readonly previous?: KubeObject;
  readonly version: number;
}

/** The side of the store that the API server sees. */
export interface LabStore extends Store {
  /** The resourceVersion of the newest change. */
  readonly version: number;
  /** The oldest resourceVersion from which a watch may start. */
  readonly oldestVersion: number;
  readonly kinds: readonly string[];
  now(): Date;
  /** Stores a new object; undefined if the name is taken. */
  create(draft: Draft): KubeObject | undefined;
  update(
    kind: string,
    namespace: string | undefined,
    name: string,
    change: (object: KubeObject) => object,
  ): KubeObject | undefined;
  remove(kind: string, namespace: string | undefined, name: string): KubeObject | undefined;
  onChange(kind: string, listener: (change: StoredChange) => void): () => void;
  onAnyChange(listener: (change: StoredChange) => void): () => void;
  /** Changes of a kind after that version, oldest first. Only what `oldestVersion` admits is still known. */
  changesSince(kind: string, version: number): readonly StoredChange[];
}

export interface StoreOptions {
  readonly now?: () => Date;
  /** The counter begins here, so that version 1 is history on every server, as it is on a real one. */
  readonly firstVersion?: number;
  readonly historyLength?: number;
}

export function createStore(options: StoreOptions = {}): LabStore {
  return new MemoryStore(options);
}

/** A time as the API writes it: whole seconds. */
export function apiTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

class MemoryStore implements LabStore {
  readonly #now: () => Date;
  readonly #historyLength: number;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #sorted = new Map<string, readonly KubeObject[]>();
  readonly #listeners = new Set<{ readonly kind: string | undefined; readonly listener: (c: StoredChange) => void }>();
  readonly #undelivered: StoredChange[] = [];
  #history: StoredChange[] = [];
  #delivering = false;
  #version: number;
  #oldestVersion: number;

  constructor(options: StoreOptions) {
    this.#now = options.now ?? (() => new Date());
    this.#version = options.firstVersion ?? 1000;
    this.#oldestVersion = this.#version;
    this.#historyLength = options.historyLength ?? 4096;
  }

  get version(): number {
    return this.#version;
  }

  get oldestVersion(): number {
    return this.#oldestVersion;
  }

  get kinds(): readonly string[] {
    return [...this.#objects.keys()];
  }

  now(): Date {
    return this.#now();
  }

  list(kind: string, namespace?: string): readonly KubeObject[] {
    const all = this.#sorted.get(kind) ?? this.#sort(kind);
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  get(kind: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(key(namespace, name));
  }

  create(draft: Draft): KubeObject | undefined {
    const { namespace, name } = draft.metadata;
    if (this.get(draft.kind, namespace, name) !== undefined) return undefined;
    const { uid = randomUUID(), creationTimestamp = apiTime(this.#now()), ...metadata } = draft.metadata;
    const object = this.#seal({ ...draft, metadata: { ...metadata, uid, creationTimestamp } });
    this.#place(object);
    this.#record({ type: "ADDED", object, version: this.#version });
    return object;
  }

  update(
    kind: string,
    namespace: string | undefined,
    name: string,
    change: (object: KubeObject) => object,
  ): KubeObject | undefined {
    const previous = this.get(kind, namespace, name);
    if (previous === undefined) return undefined;
    const changed = change(previous) as Partial<KubeObject>; // its identity is put back below, whatever it says
    const { uid, creationTimestamp, resourceVersion } = previous.metadata;
    const metadata = { ...changed.metadata, name, namespace, uid, creationTimestamp, resourceVersion };
    const draft = { ...changed, apiVersion: previous.apiVersion, kind, metadata };
    // As on a real server, writing the same again is no change: no new version, no event.
    if (sameJson(frozenCopy(draft), previous)) return previous;
    const object = this.#seal(draft);
    this.#place(object);
    this.#record({ type: "MODIFIED", object, previous, version: this.#version });
    return object;
  }

  remove(kind: string, namespace: string | undefined, name: string): KubeObject | undefined {
    const previous = this.get(kind, namespace, name);
    if (previous === undefined) return undefined;
    this.#objects.get(kind)?.delete(key(namespace, name));
    this.#sorted.delete(kind);
    const object = this.#seal(previous);
    this.#record({ type: "DELETED", object, previous, version: this.#version });
    return object;
  }

  onChange(kind: string, listener: (change: StoredChange) => void): () => void {
    return this.#listen(kind, listener);
  }

  onAnyChange(listener: (change: StoredChange) => void): () => void {
    return this.#listen(undefined, listener);
  }

  changesSince(kind: string, version: number): readonly StoredChange[] {
    return this.#history.filter((change) => change.version > version && change.object.kind === kind);
  }

  #listen(kind: string | undefined, listener: (change: StoredChange) => void): () => void {
    const entry = { kind, listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Gives the object the next version, and its metadata the order in which the API writes it. */
  #seal(draft: { readonly apiVersion: string; readonly kind: string; readonly metadata: object }): KubeObject {
    this.#version += 1;
    const { kind, apiVersion, metadata, ...fields } = draft;
    const { name, namespace, uid, generation, creationTimestamp, ...rest } = metadata as Partial<ObjectMeta>;
    const known = { name, namespace, uid, resourceVersion: "", generation, creationTimestamp, ...rest };
    const sealed = { kind, apiVersion, metadata: { ...known, resourceVersion: String(this.#version) }, ...fields };
    return frozenCopy(sealed) as KubeObject; // `create` and `update` have set every field that it must have
  }

  #place(object: KubeObject): void {
    const { kind, metadata } = object;
    const ofKind = this.#objects.get(kind) ?? new Map<string, KubeObject>();
    this.#objects.set(kind, ofKind.set(key(metadata.namespace, metadata.name), object));
    this.#sorted.delete(kind);
  }

  #sort(kind: string): readonly KubeObject[] {
    const entries = [...(this.#objects.get(kind) ?? [])].sort(([left], [right]) => (left < right ? -1 : 1));
    const sorted = Object.freeze(entries.map(([, object]) => object));
    this.#sorted.set(kind, sorted);
    return sorted;
  }

  #record(change: StoredChange): void {
    this.#history.push(change);
    // Cut seldom and by half, since cutting copies.
    if (this.#history.length > 2 * this.#historyLength) {
      this.#history = this.#history.slice(-this.#historyLength);
      this.#oldestVersion = (this.#history[0]?.version ?? this.#version) - 1;
    }
    this.#undelivered.push(change);
    this.#deliver();
  }

  /** A listener that changes the store again must not let another listener see the later change first. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let change = this.#undelivered.shift(); change !== undefined; change = this.#undelivered.shift()) {
        for (const { kind, listener } of [...this.#listeners]) {
          if (kind === undefined || kind === change.object.kind) listener(change);
        }
      }
    } finally {
      this.#delivering = false;
    }
  }
}

/** Sorts as the keys of a real server's storage do: by namespace, then by name. */
function key(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}
