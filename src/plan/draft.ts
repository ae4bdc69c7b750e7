import { selects } from "../expectation/index.ts";
import type { Labels, Manifests, PodsPeer, Selector } from "../snapshot/index.ts";
import { formatSelector, hasLabels, nearMisses, sameLabels, selectedLabels } from "./label-choice.ts";
import type { NotTested, PlannedPod, Role } from "./model.ts";
import { nameOfLabels, PodNames } from "./names.ts";
import { ELSEWHERE, NamespaceDraft } from "./namespace-draft.ts";
import { declaredPorts, type PortPlan } from "./ports.ts";

/** The stage while it is being drawn up. Whatever is already there is used again. */
export class Draft {
  readonly namespaces: NamespaceDraft;
  readonly pods: PlannedPod[] = [];
  readonly #notTested: NotTested[] = [];
  readonly #manifests: Manifests;
  readonly #ports: PortPlan;
  readonly #maxPods: number;
  readonly #names = new PodNames();
  #synthetic = 0;
  #leftOut = 0;

  constructor(manifests: Manifests, { ports, maxPods }: { ports: PortPlan; maxPods: number }) {
    this.#manifests = manifests;
    this.#maxPods = maxPods;
    this.#ports = ports;
    this.namespaces = new NamespaceDraft(manifests);
    if (ports.hasSctp) this.#notTested.push({ what: "SCTP", reason: "not probed by this version" });
  }

  notTested(): readonly NotTested[] {
    const invented = this.namespaces.invented.map((name) => ({
      what: `the real pods of namespace ${name}`,
      reason: "pods with the labels that the selectors ask for stand in for them",
    }));
    const leftOut = {
      what: `${this.#leftOut} near misses and look-alikes`,
      reason: `the limit of ${this.#maxPods} pods is reached (--max-pods)`,
    };
    return [...this.#notTested, ...invented, ...(this.#leftOut > 0 ? [leftOut] : [])];
  }

  addWorkloads(): void {
    for (const { kind, namespace, name, labels, ports, hostNetwork } of this.#manifests.workloads) {
      const what = `${kind} ${namespace}/${name}`;
      if (hostNetwork) {
        this.#notTested.push({ what, reason: "the API leaves open what policies mean for hostNetwork pods" });
        continue;
      }
      this.#add({ namespace, name, labels, ports, role: "workload", why: what });
    }
  }

  /** A pod that the selector selects, for each value that it lists; workloads come first. */
  addSelected(namespace: string, selector: Selector): void {
    const choices = selectedLabels(selector);
    if (choices.length === 0) {
      this.#notTested.push({
        what: `podSelector ${formatSelector(selector)}`,
        reason: "its requirements contradict each other",
      });
    }
    choices.forEach((labels, index) => {
      const isThere = this.pods.some(
        (pod) =>
          pod.namespace === namespace &&
          selects(selector, pod.labels) &&
          (index === 0 || hasLabels(pod.labels, labels)),
      );
      if (!isThere) this.#synthesise(namespace, labels, "selected", `selected by ${formatSelector(selector)}`);
    });
  }

  addPeer(own: string, { namespaceSelector, podSelector = [] }: PodsPeer): void {
    if (namespaceSelector === undefined) {
      this.addSelected(own, podSelector);
      return;
    }
    const namespaces = this.namespaces.selectedBy(namespaceSelector);
    if (namespaces.length === 0) {
      this.#notTested.push({
        what: `namespaceSelector ${formatSelector(namespaceSelector)}`,
        reason: "its requirements contradict each other, or no namespace can have them",
      });
    }
    for (const namespace of namespaces) this.addSelected(namespace, podSelector);
  }

  /** A namespace that no policy mentions, and in each of the policies' own a pod without labels. */
  addBystanders(policyNamespaces: readonly string[]): void {
    this.namespaces.ensure(ELSEWHERE);
    for (const namespace of [ELSEWHERE, ...new Set(policyNamespaces)]) {
      if (this.pods.some((pod) => pod.namespace === namespace && Object.keys(pod.labels).length === 0)) continue;
      this.#synthesise(namespace, {}, "bystander", "no labels");
    }
  }

  addNearMisses(namespace: string, selector: Selector): void {
    for (const { labels, why } of nearMisses(selector)) this.#synthesise(namespace, labels, "near-miss", why);
    const [selected] = selectedLabels(selector, 1);
    if (selected !== undefined) this.#synthesise(ELSEWHERE, selected, "near-miss", `right labels, not in ${namespace}`);
  }

  addPeerNearMisses(own: string, { namespaceSelector, podSelector = [] }: PodsPeer): void {
    if (namespaceSelector === undefined) {
      this.addNearMisses(own, podSelector);
      return;
    }
    const [home] = this.namespaces.selectedBy(namespaceSelector);
    if (home !== undefined) {
      for (const { labels, why } of nearMisses(podSelector)) this.#synthesise(home, labels, "near-miss", why);
    }
    const [selected] = selectedLabels(podSelector, 1);
    if (selected === undefined) return;
    for (const { name, why } of this.namespaces.nearMisses(namespaceSelector)) {
      this.#synthesise(name, selected, "near-miss", `right labels, namespace ${why}`);
    }
  }

  #synthesise(namespace: string, labels: Labels, role: Role, why: string): void {
    if (this.pods.some((pod) => pod.namespace === namespace && sameLabels(pod.labels, labels))) return;
    const name = this.#names.take(namespace, nameOfLabels(labels, "unlabelled"));
    this.#add({ namespace, name, labels, ports: declaredPorts(this.#ports.named, this.#synthetic), role, why });
    this.#synthetic += 1;
  }

  #add(pod: PlannedPod): void {
    if (this.pods.length >= this.#maxPods) {
      this.#leftOut += 1;
      return;
    }
    if (pod.role === "workload") this.#names.take(pod.namespace, pod.name);
    this.pods.push(pod);
  }
}
