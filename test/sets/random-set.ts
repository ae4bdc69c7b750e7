import { Random } from "./random.ts";

/** Clauses of NetworkPolicy v1 that a random set can hold; each is counted where it is written. */
export const CLAUSES = [
  "an empty podSelector",
  "matchLabels",
  "an empty label value",
  "In",
  "NotIn",
  "Exists",
  "DoesNotExist",
  "ingress absent",
  "ingress empty",
  "an empty rule",
  "policyTypes absent",
  "policyTypes empty",
  "policyTypes Ingress",
  "policyTypes Egress",
  "policyTypes both",
  "rules of a direction that is not named",
  "peers absent",
  "podSelector alone",
  "namespaceSelector alone",
  "namespaceSelector empty",
  "both selectors in one peer",
  "two peers",
  "kubernetes.io/metadata.name",
  "ipBlock",
  "ipBlock with except",
  "ports absent",
  "a port item without a port",
  "a port number",
  "UDP",
  "endPort",
  "endPort equal to port",
  "a named port",
  "two port items",
  "two policies for one pod",
] as const;
export type Clause = (typeof CLAUSES)[number];

/** What the generator knows of the API and does not write, with the reason. */
export const NOT_COVERED = [
  "SCTP (not in every kernel)",
  "IPv6 ipBlocks (rows over IPv6 come later)",
  "hostNetwork (left open by the API)",
];

export interface RandomSet {
  readonly seed: number;
  /** JSON documents, as `-f -` reads them. */
  readonly text: string;
  readonly clauses: ReadonlySet<Clause>;
}

type Json = Record<string, unknown>;

const NAMESPACES = ["alpha", "beta"] as const;
const TEAM = { alpha: "red", beta: "blue" } as const;
const APPS = ["web", "api", "db"] as const;
const PORT_NAMES = ["http", "dns-udp"] as const;

export function randomSet(seed: number): RandomSet {
  const writer = new Writer(new Random(seed));
  const documents = [...NAMESPACES.map(namespace), ...writer.workloads(), ...writer.policies()];
  return { seed, text: documents.map((document) => JSON.stringify(document)).join("\n---\n"), clauses: writer.clauses };
}

function namespace(name: (typeof NAMESPACES)[number]): Json {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { team: TEAM[name] } } };
}

class Writer {
  readonly clauses = new Set<Clause>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  workloads(): Json[] {
    return NAMESPACES.flatMap((own) =>
      this.#random.some(APPS, 0.6).map((app) => {
        const labels = { app, ...(this.#random.chance(0.5) ? { tier: this.#random.pick(["back", ""]) } : {}) };
        const ports = [
          ...(this.#random.chance(0.7) ? [{ name: "http", containerPort: this.#random.pick([8080, 8081]) }] : []),
          ...(this.#random.chance(0.3) ? [{ name: "dns-udp", containerPort: 5353, protocol: "UDP" }] : []),
        ];
        const spec = { containers: [{ name: "main", image: "example/main", ports }] };
        const template = { metadata: { labels }, spec };
        return {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: app, namespace: own },
          spec: { selector: { matchLabels: labels }, template },
        };
      }),
    );
  }

  policies(): Json[] {
    const count = this.#random.between(2, 4);
    const list = Array.from({ length: count }, (_, index) => this.#policy(`p${index}`));
    if (this.#random.chance(0.35)) {
      this.#use("two policies for one pod");
      const [first] = list;
      const metadata = { ...(first?.metadata as Json), name: "again" };
      list.push({
        ...this.#policy("again"),
        metadata,
        spec: { ...this.#spec(), podSelector: (first?.spec as Json | undefined)?.podSelector },
      });
    }
    return list;
  }

  #policy(name: string): Json {
    const metadata = { name, namespace: this.#random.pick(NAMESPACES) };
    return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec: this.#spec() };
  }

  #spec(): Json {
    const podSelector = this.#selector(APPS, 0.3);
    const kind = this.#random.pick(["absent", "empty", "ingress", "egress", "both", "both"]);
    const rules = (direction: "from" | "to"): Json[] =>
      Array.from({ length: this.#random.between(1, 2) }, () => this.#rule(direction));
    switch (kind) {
      case "absent":
        this.#use("policyTypes absent");
        return { podSelector, ...this.#ingress(rules), ...(this.#random.chance(0.4) ? { egress: rules("to") } : {}) };
      case "empty":
        this.#use("policyTypes empty");
        return { podSelector, policyTypes: [], ...this.#ingress(rules) };
      case "ingress": {
        this.#use("policyTypes Ingress");
        const others = this.#random.chance(0.5) ? { egress: rules("to") } : {};
        if ("egress" in others) this.#use("rules of a direction that is not named");
        return { podSelector, policyTypes: ["Ingress"], ...this.#ingress(rules), ...others };
      }
      case "egress": {
        this.#use("policyTypes Egress");
        const others = this.#random.chance(0.5) ? { ingress: rules("from") } : {};
        if ("ingress" in others) this.#use("rules of a direction that is not named");
        return { podSelector, policyTypes: ["Egress"], egress: rules("to"), ...others };
      }
      default:
        this.#use("policyTypes both");
        return { podSelector, policyTypes: ["Ingress", "Egress"], ...this.#ingress(rules), egress: rules("to") };
    }
  }

  #ingress(rules: (direction: "from") => Json[]): Json {
    if (this.#random.chance(0.15)) {
      this.#use("ingress absent");
      return {};
    }
    if (this.#random.chance(0.15)) {
      this.#use("ingress empty");
      return { ingress: [] };
    }
    return { ingress: rules("from") };
  }

  #rule(direction: "from" | "to"): Json {
    if (this.#random.chance(0.1)) {
      this.#use("an empty rule");
      return {};
    }
    const peers = this.#peers();
    const ports = this.#ports();
    return { ...(peers.length > 0 ? { [direction]: peers } : {}), ...(ports.length > 0 ? { ports } : {}) };
  }

  #peers(): Json[] {
    if (this.#random.chance(0.15)) {
      this.#use("peers absent");
      return [];
    }
    const count = this.#random.chance(0.35) ? 2 : 1;
    if (count === 2) this.#use("two peers");
    return Array.from({ length: count }, () => this.#peer());
  }

  #peer(): Json {
    switch (this.#random.pick(["pods", "pods", "namespaces", "both", "both", "block"])) {
      case "pods":
        this.#use("podSelector alone");
        return { podSelector: this.#selector(APPS, 0.2) };
      case "namespaces":
        this.#use("namespaceSelector alone");
        return { namespaceSelector: this.#namespaceSelector() };
      case "both":
        this.#use("both selectors in one peer");
        return { namespaceSelector: this.#namespaceSelector(), podSelector: this.#selector(APPS, 0.2) };
      default:
        return { ipBlock: this.#ipBlock() };
    }
  }

  #ipBlock(): Json {
    this.#use("ipBlock");
    const cidr = this.#random.pick(["198.51.100.0/24", "203.0.113.0/25", "0.0.0.0/0"]);
    if (!this.#random.chance(0.6)) return { cidr };
    this.#use("ipBlock with except");
    const except = {
      "198.51.100.0/24": "198.51.100.64/26",
      "203.0.113.0/25": "203.0.113.8/32",
      "0.0.0.0/0": "198.51.100.0/24",
    };
    return { cidr, except: [except[cidr as keyof typeof except]] };
  }

  #namespaceSelector(): Json {
    const kind = this.#random.pick(["empty", "name", "team", "expression"]);
    if (kind === "empty") {
      this.#use("namespaceSelector empty");
      return {};
    }
    if (kind === "name") {
      this.#use("kubernetes.io/metadata.name");
      return { matchLabels: { "kubernetes.io/metadata.name": this.#random.pick(NAMESPACES) } };
    }
    if (kind === "team") {
      this.#use("matchLabels");
      return { matchLabels: { team: this.#random.pick(["red", "blue", "green"]) } };
    }
    return { matchExpressions: [this.#expression("team", ["red", "blue", "green"])] };
  }

  #selector(values: readonly string[], empty: number): Json {
    if (this.#random.chance(empty)) {
      this.#use("an empty podSelector");
      return {};
    }
    if (this.#random.chance(0.5)) {
      this.#use("matchLabels");
      const tier = this.#random.chance(0.35) ? { tier: this.#random.pick(["back", ""]) } : {};
      if (tier.tier === "") this.#use("an empty label value");
      return { matchLabels: { app: this.#random.pick(values), ...tier } };
    }
    const key = this.#random.pick(["app", "app", "tier"]);
    return { matchExpressions: [this.#expression(key, key === "app" ? values : ["back", ""])] };
  }

  #expression(key: string, values: readonly string[]): Json {
    const operator = this.#random.pick(["In", "NotIn", "Exists", "DoesNotExist"] as const);
    this.#use(operator);
    if (operator === "Exists" || operator === "DoesNotExist") return { key, operator };
    const chosen = [...new Set([this.#random.pick(values), this.#random.pick(values)])];
    if (chosen.includes("")) this.#use("an empty label value");
    return { key, operator, values: chosen };
  }

  #ports(): Json[] {
    if (this.#random.chance(0.2)) {
      this.#use("ports absent");
      return [];
    }
    const count = this.#random.chance(0.35) ? 2 : 1;
    if (count === 2) this.#use("two port items");
    return Array.from({ length: count }, () => this.#port());
  }

  #port(): Json {
    const protocol = this.#random.chance(0.3) ? { protocol: "UDP" } : {};
    if ("protocol" in protocol) this.#use("UDP");
    switch (this.#random.pick(["number", "number", "none", "range", "range", "single", "name", "name"])) {
      case "number":
        this.#use("a port number");
        return { ...protocol, port: this.#random.pick([8080, 5432, 53]) };
      case "range":
        this.#use("endPort");
        return { ...protocol, port: 8000, endPort: this.#random.pick([8010, 8080, 8081]) };
      case "single":
        this.#use("endPort equal to port");
        return { ...protocol, port: 8080, endPort: 8080 };
      case "name": {
        this.#use("a named port");
        const name = this.#random.pick(PORT_NAMES);
        return { port: name, ...(name === "dns-udp" && this.#random.chance(0.7) ? { protocol: "UDP" } : {}) };
      }
      default:
        this.#use("a port item without a port");
        return protocol;
    }
  }

  #use(clause: Clause): void {
    this.clauses.add(clause);
  }
}
