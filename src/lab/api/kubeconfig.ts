import { recordsAt } from "./fields.ts";

const NAME = "netproof-lab";

interface Access {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

/** A kubeconfig as JSON, which every reader of YAML reads. It holds the token: who can read it, rules the lab. */
export function renderKubeconfig({ url, ca, token }: Access): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": NAME,
    clusters: [
      { name: NAME, cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name: NAME, user: { token } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace: "default" } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Whether a file's text is the kubeconfig of some lab, and of nothing else. */
export function isLabKubeconfig(text: string): boolean {
  try {
    const clusters = recordsAt(JSON.parse(text), "clusters");
    return clusters.length === 1 && clusters[0]?.name === NAME;
  } catch {
    return false;
  }
}
