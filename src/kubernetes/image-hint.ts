import type { NodeFacts } from "./cluster-facts.ts";

const ARCHIVE = "netproof-probe.tar";

/** How to bring the probe image to this very cluster, as commands to paste. */
export function imageHint(image: string, context: string, nodes: readonly NodeFacts[]): string {
  const save = `npx netproof image save ${ARCHIVE}`;
  const isLocal = image.startsWith("localhost/");
  const load = loadCommand(context, nodes);
  const push = `or push it to a registry of yours and name it: skopeo copy oci-archive:${ARCHIVE} docker://REGISTRY/netproof-probe && netproof … --probe-image REGISTRY/netproof-probe`;
  return isLocal
    ? `Bring the probe image to the nodes: ${save} && ${load}; ${push}`
    : `Check that the nodes may pull "${image}" (--image-pull-secret names a secret for it), or use the local image: ${save} && ${load}`;
}

function loadCommand(context: string, nodes: readonly NodeFacts[]): string {
  const [first] = nodes;
  const kind = /^kind-(.+)$/.exec(context)?.[1] ?? (first?.providerId.startsWith("kind://") ? "kind" : undefined);
  if (kind !== undefined) return `kind load image-archive ${ARCHIVE} --name ${kind}`;
  if (first?.providerId.startsWith("k3s://")) return `sudo k3s ctr images import ${ARCHIVE} (on each node)`;
  if (/^minikube/.test(context)) return `minikube image load ${ARCHIVE}`;
  if (first?.runtime.startsWith("cri-o://"))
    return `skopeo copy oci-archive:${ARCHIVE} containers-storage:localhost/netproof-probe (on each node)`;
  return `ctr -n k8s.io images import --all-platforms ${ARCHIVE} (on each node)`;
}
