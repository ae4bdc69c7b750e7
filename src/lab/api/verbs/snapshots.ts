import type { KubeObject } from "../../contracts.ts";

const KEPT = 64;

/** Lists that are being read page by page, so that all pages show one state. The oldest are given up first. */
export class Snapshots {
  readonly #kept = new Map<string, readonly KubeObject[]>();

  keep(kind: string, version: number, objects: readonly KubeObject[]): void {
    const id = `${kind}@${version}`;
    this.#kept.delete(id);
    this.#kept.set(id, objects);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  find(kind: string, version: number): readonly KubeObject[] | undefined {
    return this.#kept.get(`${kind}@${version}`);
  }
}
