import { selects } from "../expectation/index.ts";
import type { Intent, Labels, Manifests, Selector } from "../snapshot/index.ts";
import { furtherChoices, hasLabels, isChosen, nearMisses, sameLabels, selectedLabels } from "./label-choice.ts";
import type { NotTested, PlannedNamespace } from "./model.ts";
import { NAME_LABEL, nameOfLabels } from "./names.ts";
import { podsPeers } from "./peers.ts";

/** The namespace of those whom no policy means. */
export const ELSEWHERE = "elsewhere";

/** How many free names a selector may refuse before it is taken to refuse all. */
const MOST_REFUSED = 100;

/** The namespaces of a stage while it is being drawn up. Whatever is already there is used again. */
export class NamespaceDraft {
  /** Namespaces that the files mention by name alone. */
  readonly invented: string[] = [];
  readonly #namespaces = new Map<string, Labels>();

  constructor(manifests: Manifests, intent: Intent) {
    // Others could mean something to the cluster, such as a Pod Security level.
    const mentioned = mentionedKeys(manifests, intent);
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
    const names = selectedLabels(selector).map(
      (choice) => this.#chosen(selector, choice) ?? this.#invent(choice, (labels) => selects(selector, labels)),
    );
    return [...new Set(names.filter((name) => name !== undefined))];
  }

  /** Values of the selector for which no namespace is made. */
  notTested(selector: Selector): readonly NotTested[] {
    return furtherChoices(selector, (choice) => this.#chosen(selector, choice) !== undefined);
  }

  /** Namespaces that fail one requirement of the selector. */
  nearMisses(selector: Selector): readonly { readonly name: string; readonly why: string }[] {
    return nearMisses(selector).flatMap(({ labels, why }) => {
      const name = this.#withLabels(labels, (full) => !selects(selector, full));
      return name === undefined ? [] : [{ name, why }];
    });
  }

  #chosen(selector: Selector, choice: Labels): string | undefined {
    return [...this.#namespaces.keys()].find((name) => isChosen(selector, choice, this.#fullLabels(name)));
  }

  /** As `#withLabels`, for one that the files mean: where they know it by name only, it is noted. */
  #invent(choice: Labels, isWanted: (labels: Labels) => boolean): string | undefined {
    const isNew = !this.#namespaces.has(choice[NAME_LABEL] ?? "");
    const name = this.#withLabels(choice, isWanted);
    if (name !== undefined && name === choice[NAME_LABEL] && isNew) this.invented.push(name);
    return name;
  }

  /** A wanted namespace with exactly these labels, made if there is none; undefined where the server would not allow it. */
  #withLabels(
    { [NAME_LABEL]: fixedName, ...labels }: Labels,
    isWanted: (labels: Labels) => boolean,
  ): string | undefined {
    const named = (name: string): boolean => isWanted({ ...labels, [NAME_LABEL]: name });
    if (fixedName !== undefined) {
      const known = this.#namespaces.get(fixedName);
      if (known !== undefined) {
        return hasLabels(known, labels) && isWanted(this.#fullLabels(fixedName)) ? fixedName : undefined;
      }
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(fixedName) || !named(fixedName)) return undefined;
      this.#namespaces.set(fixedName, labels);
      return fixedName;
    }
    const same = [...this.#namespaces].find(([name, known]) => sameLabels(known, labels) && named(name));
    if (same !== undefined) return same[0];
    const name = this.#freeName(nameOfLabels(labels, ELSEWHERE), named);
    if (name !== undefined) this.#namespaces.set(name, labels);
    return name;
  }

  /** Undefined where a selector refuses every name, or all but those that it lists. */
  #freeName(base: string, isWanted: (name: string) => boolean): string | undefined {
    const most = this.#namespaces.size + MOST_REFUSED;
    const names = [base, ...Array.from({ length: most }, (_, index) => `${base}-${index + 2}`)];
    return names.find((name) => !this.#namespaces.has(name) && isWanted(name));
  }

  #fullLabels(name: string): Labels {
    return { ...this.#namespaces.get(name), [NAME_LABEL]: name };
  }
}

/** The label keys that any namespaceSelector mentions. */
function mentionedKeys({ policies }: Manifests, { lines }: Intent): ReadonlySet<string> {
  const peers = policies.flatMap(({ policy }) => podsPeers(policy).map((peer) => peer.namespaceSelector ?? []));
  const ends = lines.flatMap(({ from, to }) =>
    [from, to].map((end) => (end.kind === "selectors" ? end.namespaceSelector : [])),
  );
  return new Set([...peers, ...ends].flat().map(({ key }) => key));
}
