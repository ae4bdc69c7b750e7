import { selects } from "../expectation/index.ts";
import type { Labels, Manifests, Selector } from "../snapshot/index.ts";
import { hasLabels, nearMisses, sameLabels, selectedLabels } from "./label-choice.ts";
import type { PlannedNamespace } from "./model.ts";
import { NAME_LABEL, nameOfLabels } from "./names.ts";
import { podsPeers } from "./peers.ts";

/** The namespace of those whom no policy means. */
export const ELSEWHERE = "elsewhere";

/** The namespaces of a stage while it is being drawn up. Whatever is already there is used again. */
export class NamespaceDraft {
  /** Namespaces that the files mention by name alone. */
  readonly invented: string[] = [];
  readonly #namespaces = new Map<string, Labels>();

  constructor(manifests: Manifests) {
    // Others could mean something to the cluster, such as a Pod Security level.
    const mentioned = mentionedKeys(manifests);
    for (const { name, labels } of manifests.namespaces) {
      const own = Object.entries(labels).filter(([key]) => key !== NAME_LABEL && mentioned.has(key));
      this.#namespaces.set(name, Object.fromEntries(own));
    }
    for (const { policy } of manifests.policies) this.ensure(policy.namespace);
    for (const workload of manifests.workloads) this.ensure(workload.namespace);
  }

  all(): readonly PlannedNamespace[] {
    return [...this.#namespaces].map(([name, labels]) => ({ name, labels }));
  }

  ensure(name: string): void {
    if (!this.#namespaces.has(name)) this.#namespaces.set(name, {});
  }

  /** Existing namespaces that are selected, and one for each value listed that has none yet. */
  selectedBy(selector: Selector): readonly string[] {
    const isSelected = (labels: Labels): boolean => selects(selector, labels);
    const [first, ...others] = selectedLabels(selector);
    if (first === undefined) return [];
    const names = [this.#existing(isSelected) ?? this.#withLabels(first)];
    for (const wanted of others) {
      names.push(
        this.#existing((labels) => isSelected(labels) && hasLabels(labels, wanted)) ?? this.#withLabels(wanted),
      );
    }
    return [...new Set(names.filter((name) => name !== undefined && isSelected(this.#fullLabels(name))))] as string[];
  }

  /** Namespaces that fail one requirement of the selector. */
  nearMisses(selector: Selector): readonly { readonly name: string; readonly why: string }[] {
    return nearMisses(selector).flatMap(({ labels, why }) => {
      const name = this.#withLabels(labels);
      return name === undefined ? [] : [{ name, why }];
    });
  }

  #existing(isWanted: (labels: Labels) => boolean): string | undefined {
    return [...this.#namespaces.keys()].find((name) => isWanted(this.#fullLabels(name)));
  }

  /** A namespace with exactly these labels, made if there is none; undefined where the server would not allow it. */
  #withLabels(wanted: Labels): string | undefined {
    const { [NAME_LABEL]: fixedName, ...labels } = wanted;
    if (fixedName !== undefined) {
      const known = this.#namespaces.get(fixedName);
      if (known !== undefined) return hasLabels(known, labels) ? fixedName : undefined;
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(fixedName)) return undefined;
      this.#namespaces.set(fixedName, labels);
      this.invented.push(fixedName);
      return fixedName;
    }
    const same = [...this.#namespaces].find(([, known]) => sameLabels(known, labels));
    if (same !== undefined) return same[0];
    const name = this.#freeName(nameOfLabels(labels, ELSEWHERE));
    this.#namespaces.set(name, labels);
    return name;
  }

  #freeName(base: string): string {
    let name = base;
    for (let i = 2; this.#namespaces.has(name); i++) name = `${base}-${i}`;
    return name;
  }

  #fullLabels(name: string): Labels {
    return { ...this.#namespaces.get(name), [NAME_LABEL]: name };
  }
}

/** The label keys that any namespaceSelector mentions. */
function mentionedKeys({ policies }: Manifests): ReadonlySet<string> {
  const selectors = policies.flatMap(({ policy }) => podsPeers(policy).map((peer) => peer.namespaceSelector ?? []));
  return new Set(selectors.flat().map(({ key }) => key));
}
