import { type Intent, type Manifests, parseIntent, parseManifests } from "../snapshot/index.ts";

/** Manifests for tests, from the shortest YAML that says it: policies by `namespace/name` and their spec in flow style. */
export function policies(specs: Readonly<Record<string, string>>, more = ""): Manifests {
  const documents = Object.entries(specs).map(([key, spec]) => {
    const [namespace, name] = key.split("/");
    return `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: ${namespace}, name: ${name}}, spec: ${spec}}`;
  });
  return parseManifests([{ name: "p.yaml", text: [...documents, more].join("\n---\n") }], {
    defaultNamespace: "default",
  });
}

export function deployment(key: string, labels: string, ports = "[]"): string {
  const [namespace, name] = key.split("/");
  return `{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: ${namespace}, name: ${name}}, spec: {selector: {matchLabels: ${labels}}, template: {metadata: {labels: ${labels}}, spec: {containers: [{name: main, image: x, ports: ${ports}}]}}}}`;
}

export function intent(...lines: readonly string[]): Intent {
  const text = `apiVersion: netproof.dev/v1\nkind: Intent\n${lines.join("\n")}\n`;
  return lines.length === 0 ? { lines: [] } : parseIntent([{ name: "intent.yaml", text }]);
}
