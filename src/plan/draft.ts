import type { Intent, Labels, Manifests, PodsPeer, Selector, Workload } from "../snapshot/index.ts";
import { formatSelector, furtherChoices, isChosen, nearMisses, sameLabels, selectedLabels } from "./label-choice.ts";
import type { NotTested, PlannedPod, Role, StagedWorkload } from "./model.ts";
import { nameOfLabels, PodNames } from "./names.ts";
import { ELSEWHERE, NamespaceDraft } from "./namespace-draft.ts";
import { declaredPorts, type PortPlan } from "./ports.ts";

/** The stage while it is being drawn up. Whatever is already there is used again. */
export class Draft {
  readonly namespaces: NamespaceDraft;
  readonly pods: PlannedPod[] = [];
  readonly workloads: readonly StagedWorkload[];
  readonly #notTested: NotTested[] = [];
  readonly #ports: PortPlan;
  readonly #maxPods: number;
  readonly #names = new PodNames();
  /** By namespace and labels, which are what a pod is there for. */
  readonly #leftOut = new Map<string, Part>();
  #synthetic = 0;

  constructor(manifests: Manifests, { ports, intent, maxPods }: { ports: PortPlan; intent: Intent; maxPods: number }) {
    this.#maxPods = maxPods;
    this.#ports = ports;
    this.namespaces = new NamespaceDraft(manifests, intent);
    this.workloads = manifests.workloads.map((workload) => this.#addWorkload(workload));
    this.#notTested.push(...portsLeftOut(ports));
  }

  notTested(): readonly NotTested[] {
    const invented = this.namespaces.invented.map((name) => ({
      what: `the real pods of namespace ${name}`,
      reason: "pods with the labels that the selectors ask for stand in for them",
    }));
    const parts = [...this.#leftOut.values()];
    const leftOut = [...new Set(parts)].map((part) => `${PARTS[part]} (${parts.filter((own) => own === part).length})`);
    const limited = leftOut.length === 0 ? [] : [{ what: leftOut.join(", "), reason: this.#limit }];
    return [...this.#notTested, ...invented, ...limited];
  }

  /** A pod that the selector selects, for each value that it lists; workloads come first. */
  addSelected(namespace: string, selector: Selector, part: "subject" | "peer"): void {
    const choices = selectedLabels(selector);
    const isThere = (choice: Labels): boolean =>
      this.pods.some((pod) => pod.namespace === namespace && isChosen(selector, choice, pod.labels));
    if (choices.length === 0) {
      this.#notTested.push({
        what: `podSelector ${formatSelector(selector)}`,
        reason: "its requirements contradict each other",
      });
    }
    for (const choice of choices.filter((candidate) => !isThere(candidate))) {
      this.#synthesise(namespace, choice, { part, why: `selected by ${formatSelector(selector)}` });
    }
    this.#notTested.push(...furtherChoices(selector, isThere));
  }

  addPeer(own: string, { namespaceSelector, podSelector = [] }: PodsPeer): void {
    if (namespaceSelector === undefined) {
      this.addSelected(own, podSelector, "peer");
      return;
    }
    const namespaces = this.namespaces.selectedBy(namespaceSelector);
    if (namespaces.length === 0) {
      this.#notTested.push({
        what: `namespaceSelector ${formatSelector(namespaceSelector)}`,
        reason: "its requirements contradict each other, or no namespace can have them",
      });
    }
    this.#notTested.push(...this.namespaces.notTested(namespaceSelector));
    for (const namespace of namespaces) this.addSelected(namespace, podSelector, "peer");
  }

  /** A namespace that no policy mentions, and in each of the policies' own a pod without labels. */
  addBystanders(policyNamespaces: readonly string[]): void {
    this.namespaces.ensure(ELSEWHERE);
    for (const namespace of [ELSEWHERE, ...new Set(policyNamespaces)]) {
      if (this.pods.some((pod) => pod.namespace === namespace && Object.keys(pod.labels).length === 0)) continue;
      this.#synthesise(namespace, {}, { part: "bystander", why: "no labels" });
    }
  }

  addNearMisses(namespace: string, selector: Selector): void {
    for (const { labels, why } of nearMisses(selector)) this.#addNearMiss(namespace, labels, why);
    const [selected] = selectedLabels(selector, 1);
    if (selected !== undefined) this.#addNearMiss(ELSEWHERE, selected, `right labels, not in ${namespace}`);
  }

  addPeerNearMisses(own: string, { namespaceSelector, podSelector = [] }: PodsPeer): void {
    if (namespaceSelector === undefined) {
      this.addNearMisses(own, podSelector);
      return;
    }
    const [home] = this.namespaces.selectedBy(namespaceSelector);
    if (home !== undefined) {
      for (const { labels, why } of nearMisses(podSelector)) this.#addNearMiss(home, labels, why);
    }
    const [selected] = selectedLabels(podSelector, 1);
    if (selected === undefined) return;
    for (const { name, why } of this.namespaces.nearMisses(namespaceSelector)) {
      this.#addNearMiss(name, selected, `right labels, namespace ${why}`);
    }
  }

  #addNearMiss(namespace: string, labels: Labels, why: string): void {
    this.#synthesise(namespace, labels, { part: "near-miss", why });
  }

  #synthesise(namespace: string, labels: Labels, { part, why }: { part: Part; why: string }): void {
    if (this.pods.some((pod) => pod.namespace === namespace && sameLabels(pod.labels, labels))) return;
    const name = this.#names.take(namespace, nameOfLabels(labels, "unlabelled"));
    const ports = declaredPorts(this.#ports.named, this.#synthetic);
    this.#add(
      { namespace, name, labels, ports, role: part === "subject" || part === "peer" ? "selected" : part, why },
      part,
    );
    this.#synthetic += 1;
  }

  /** Its name is its own even where it has no place, so that no other pod answers for it. */
  #addWorkload({ kind, namespace, name, labels, ports, hostNetwork }: Workload): StagedWorkload {
    const why = `${kind} ${namespace}/${name}`;
    const pod = this.#names.take(namespace, name, `${name}-${kind.toLowerCase()}`);
    const workload = { namespace, name, labels, pod, hostNetwork };
    if (hostNetwork) {
      this.#notTested.push({ what: why, reason: HOST_NETWORK });
      return { ...workload, absent: HOST_NETWORK };
    }
    const isPlaced = this.#add({ namespace, name: pod, labels, ports, role: "workload", why }, "workload");
    return isPlaced ? workload : { ...workload, absent: this.#limit };
  }

  #add(pod: PlannedPod, part: Part): boolean {
    const hasRoom = this.pods.length < this.#maxPods;
    if (hasRoom) this.pods.push(pod);
    else {
      const key = JSON.stringify([pod.namespace, pod.labels, part === "workload" ? pod.name : ""]);
      if (!this.#leftOut.has(key)) this.#leftOut.set(key, part);
    }
    return hasRoom;
  }

  get #limit(): string {
    return `the limit of ${this.#maxPods} pods is reached (--max-pods)`;
  }
}

function portsLeftOut({ leftOut }: PortPlan): readonly NotTested[] {
  if (leftOut.length === 0) return [];
  const what = `${leftOut.length} further ports, such as ${leftOut.slice(0, 3).join(", ")}`;
  return [{ what, reason: "pods do not listen on so many" }];
}

const HOST_NETWORK = "the API leaves open what policies mean for hostNetwork pods";

/** Which part of a stage a pod is of: what policies select, and the peers of their rules, are told apart here alone. */
type Part = Exclude<Role, "selected"> | "subject" | "peer";

const PARTS = {
  workload: "workloads",
  subject: "pods that policies select",
  bystander: "pods without labels",
  peer: "peers of rules",
  "near-miss": "near misses",
} satisfies Record<Part, string>;
