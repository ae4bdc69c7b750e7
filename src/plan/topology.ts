import { selects } from "../expectation/index.ts";
import type {
  ContainerPort,
  Intent,
  Labels,
  Manifests,
  NetworkPolicy,
  PodsPeer,
  Rule,
  Selector,
} from "../snapshot/index.ts";
import { checkIntent, intentCidrs, intentPorts } from "./intent-needs.ts";
import { formatSelector, nearMisses, sameLabels, selectedLabels } from "./label-choice.ts";
import type { NotTested } from "./model.ts";
import { NAME_LABEL, nameOfLabels, PodNames } from "./names.ts";
import { planOutside } from "./outside.ts";
import { declaredPorts, type PortPlan, planPorts } from "./ports.ts";

export interface PlannedNamespace {
  readonly name: string;
  /** Without `kubernetes.io/metadata.name`, which the server sets. */
  readonly labels: Labels;
}

/** Why a pod is there. */
export type Role = "workload" | "selected" | "near-miss" | "bystander";

export interface PlannedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
  readonly role: Role;
  /** For people: the workload that it stands for, the selector that selects it, the requirement that it fails. */
  readonly why: string;
}

/** Pods that the selectors of the policies tell apart, near misses, and those that no policy mentions. */
export interface Topology {
  readonly namespaces: readonly PlannedNamespace[];
  readonly pods: readonly PlannedPod[];
  /** Addresses outside the cluster that the ipBlocks tell apart. */
  readonly outside: readonly string[];
  readonly ports: PortPlan;
  /** Namespaces in which the policies stand. */
  readonly policyNamespaces: readonly string[];
  readonly notTested: readonly NotTested[];
}

export interface TopologyOptions {
  readonly maxPods: number;
  /** Ranges that are the cluster's own, where a host outside can have any other address; undefined: there is no such host. */
  readonly clusterCidrs: readonly string[] | undefined;
}

/** Chooses the pods and namespaces of a proof from the files alone. Throws a UserError where the intent names what is not there. */
export function planTopology(manifests: Manifests, intent: Intent, options: TopologyOptions): Topology {
  const stage = new Draft(manifests, planPorts(manifests, intentPorts(intent)), options.maxPods);
  const policies = manifests.policies.map(({ policy }) => policy).sort(byName);
  stage.addWorkloads();
  for (const policy of policies) stage.addSelected(policy.namespace, policy.podSelector, "podSelector");
  const peers = policies.flatMap((policy) => podsPeers(policy).map((peer) => ({ policy, peer })));
  for (const { policy, peer } of peers) stage.addPeer(policy.namespace, peer);
  stage.addBystanders(policies.map(({ namespace }) => namespace));
  for (const policy of policies) stage.addNearMisses(policy.namespace, policy.podSelector);
  for (const { policy, peer } of peers) stage.addPeerNearMisses(policy.namespace, peer);
  checkIntent(intent, { pods: stage.pods(), namespaces: stage.namespaces() });
  const outside = planOutside(policies, { clusterCidrs: options.clusterCidrs, required: intentCidrs(intent) });
  return {
    namespaces: stage.namespaces(),
    pods: stage.pods(),
    outside: outside.addresses,
    ports: stage.ports,
    policyNamespaces: [...new Set(policies.map(({ namespace }) => namespace))],
    notTested: [...stage.notTested, ...outside.notTested],
  };
}

function podsPeers(policy: NetworkPolicy): readonly PodsPeer[] {
  const rules: readonly Rule[] = [...(policy.isolates.ingress ?? []), ...(policy.isolates.egress ?? [])];
  return rules.flatMap((rule) => rule.peers.flatMap((peer) => (peer.kind === "pods" ? [peer] : [])));
}

/** The label keys that any namespaceSelector mentions. */
function mentionedKeys({ policies }: Manifests): ReadonlySet<string> {
  const selectors = policies.flatMap(({ policy }) => podsPeers(policy).map((peer) => peer.namespaceSelector ?? []));
  return new Set(selectors.flat().map(({ key }) => key));
}

function byName(a: NetworkPolicy, b: NetworkPolicy): number {
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1;
}

/** The stage while it is being drawn up. Whatever is already there is used again. */
class Draft {
  readonly ports: PortPlan;
  readonly notTested: NotTested[] = [];
  readonly #manifests: Manifests;
  readonly #maxPods: number;
  readonly #namespaces = new Map<string, Labels>();
  readonly #pods: PlannedPod[] = [];
  readonly #names = new PodNames();
  #synthetic = 0;
  #leftOut = 0;

  constructor(manifests: Manifests, ports: PortPlan, maxPods: number) {
    this.#manifests = manifests;
    this.#maxPods = maxPods;
    this.ports = ports;
    // Others could mean something to the cluster, such as a Pod Security level.
    const mentioned = mentionedKeys(manifests);
    for (const { name, labels } of manifests.namespaces) {
      const own = Object.entries(labels).filter(([key]) => key !== NAME_LABEL && mentioned.has(key));
      this.#namespaces.set(name, Object.fromEntries(own));
    }
    for (const { policy } of manifests.policies) this.#ensureNamespace(policy.namespace);
    for (const workload of manifests.workloads) this.#ensureNamespace(workload.namespace);
    if (this.ports.hasSctp) this.notTested.push({ what: "SCTP", reason: "not probed by this version" });
  }

  namespaces(): PlannedNamespace[] {
    return [...this.#namespaces].map(([name, labels]) => ({ name, labels }));
  }

  pods(): PlannedPod[] {
    if (this.#leftOut > 0) {
      this.notTested.push({
        what: `${this.#leftOut} near misses and look-alikes`,
        reason: `the limit of ${this.#maxPods} pods is reached (--max-pods)`,
      });
    }
    return this.#pods;
  }

  addWorkloads(): void {
    for (const { kind, namespace, name, labels, ports, hostNetwork } of this.#manifests.workloads) {
      const what = `${kind} ${namespace}/${name}`;
      if (hostNetwork) {
        this.notTested.push({ what, reason: "the API leaves open what policies mean for hostNetwork pods" });
        continue;
      }
      this.#add({ namespace, name, labels, ports, role: "workload", why: what });
    }
  }

  /** A pod that the selector selects, for each value that it lists; workloads come first. */
  addSelected(namespace: string, selector: Selector, field: string): void {
    const choices = selectedLabels(selector);
    if (choices.length === 0) {
      this.notTested.push({
        what: `${field} ${formatSelector(selector)}`,
        reason: "its requirements contradict each other",
      });
    }
    choices.forEach((labels, index) => {
      const isThere = this.#pods.some(
        (pod) =>
          pod.namespace === namespace &&
          selects(selector, pod.labels) &&
          (index === 0 || hasLabels(pod.labels, labels)),
      );
      if (!isThere) this.#synthesise(namespace, labels, "selected", `selected by ${formatSelector(selector)}`);
    });
  }

  addPeer(own: string, { namespaceSelector, podSelector }: PodsPeer): void {
    if (namespaceSelector === undefined) {
      this.addSelected(own, podSelector ?? [], "podSelector");
      return;
    }
    const namespaces = this.#namespacesFor(namespaceSelector);
    if (namespaces.length === 0) {
      this.notTested.push({
        what: `namespaceSelector ${formatSelector(namespaceSelector)}`,
        reason: "its requirements contradict each other, or no namespace can have them",
      });
    }
    for (const namespace of namespaces) this.addSelected(namespace, podSelector ?? [], "podSelector");
  }

  /** A namespace that no policy mentions, and in each of the policies' own a pod without labels. */
  addBystanders(policyNamespaces: readonly string[]): void {
    this.#ensureNamespace(ELSEWHERE);
    for (const namespace of [ELSEWHERE, ...new Set(policyNamespaces)]) {
      if (this.#pods.some((pod) => pod.namespace === namespace && Object.keys(pod.labels).length === 0)) continue;
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
    const [home] = this.#namespacesFor(namespaceSelector);
    if (home !== undefined) {
      for (const { labels, why } of nearMisses(podSelector)) this.#synthesise(home, labels, "near-miss", why);
    }
    const [selected] = selectedLabels(podSelector, 1);
    if (selected === undefined) return;
    for (const { labels, why } of nearMisses(namespaceSelector)) {
      const namespace = this.#namespaceWith(labels);
      if (namespace !== undefined) this.#synthesise(namespace, selected, "near-miss", `right labels, namespace ${why}`);
    }
  }

  /** Existing namespaces that are selected, and one for each value listed that has none yet. */
  #namespacesFor(selector: Selector): readonly string[] {
    const choices = selectedLabels(selector);
    const existing = (wanted: Labels): string | undefined =>
      [...this.#namespaces.keys()].find(
        (name) => this.#isSelected(selector, name) && hasLabels(this.#fullLabels(name), wanted),
      );
    const [first, ...others] = choices;
    if (first === undefined) return [];
    const anyExisting = [...this.#namespaces.keys()].find((name) => this.#isSelected(selector, name));
    const names = [anyExisting ?? this.#namespaceWith(first)];
    names.push(...others.map((labels) => existing(labels) ?? this.#namespaceWith(labels)));
    return [...new Set(names.filter((name) => name !== undefined && this.#isSelected(selector, name)))] as string[];
  }

  /** A namespace with exactly these labels, made if there is none; undefined where the server would not allow it. */
  #namespaceWith(wanted: Labels): string | undefined {
    const { [NAME_LABEL]: fixedName, ...labels } = wanted;
    if (fixedName !== undefined) {
      const known = this.#namespaces.get(fixedName);
      if (known !== undefined) return hasLabels(known, labels) ? fixedName : undefined;
      if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(fixedName)) return undefined;
      this.#namespaces.set(fixedName, labels);
      this.notTested.push({
        what: `the real pods of namespace ${fixedName}`,
        reason: "pods with the labels that the selectors ask for stand in for them",
      });
      return fixedName;
    }
    const same = [...this.#namespaces].find(([, known]) => sameLabels(known, labels));
    if (same !== undefined) return same[0];
    const name = this.#freeNamespaceName(nameOfLabels(labels, ELSEWHERE));
    this.#namespaces.set(name, labels);
    return name;
  }

  #freeNamespaceName(base: string): string {
    let name = base;
    for (let i = 2; this.#namespaces.has(name); i++) name = `${base}-${i}`;
    return name;
  }

  #isSelected(selector: Selector, namespace: string): boolean {
    return selects(selector, this.#fullLabels(namespace));
  }

  #fullLabels(namespace: string): Labels {
    return { ...this.#namespaces.get(namespace), [NAME_LABEL]: namespace };
  }

  #ensureNamespace(name: string): void {
    if (!this.#namespaces.has(name)) this.#namespaces.set(name, {});
  }

  #synthesise(namespace: string, labels: Labels, role: Role, why: string): void {
    if (this.#pods.some((pod) => pod.namespace === namespace && sameLabels(pod.labels, labels))) return;
    const name = this.#names.take(namespace, nameOfLabels(labels, "unlabelled"));
    this.#add({ namespace, name, labels, ports: declaredPorts(this.ports.named, this.#synthetic), role, why });
    this.#synthetic += 1;
  }

  #add(pod: PlannedPod): void {
    if (this.#pods.length >= this.#maxPods) {
      this.#leftOut += 1;
      return;
    }
    if (pod.role === "workload") this.#names.take(pod.namespace, pod.name);
    this.#ensureNamespace(pod.namespace);
    this.#pods.push(pod);
  }
}

/** The namespace of those whom no policy means. */
const ELSEWHERE = "elsewhere";

function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
