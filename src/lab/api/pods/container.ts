import type { KubeObject } from "../../contracts.ts";
import { at, recordsAt } from "../fields.ts";
import { type ApiContext, type ApiRequest, target } from "../request.ts";
import { badRequest, notFound } from "../status.ts";

interface Place {
  readonly pod: KubeObject;
  /** undefined where the pod has one and the client named none. */
  readonly container: string | undefined;
}

/** The pod and container that an exec or log request means. Throws what a genuine server answers otherwise. */
export function findContainer({ store }: ApiContext, request: ApiRequest): Place {
  const { namespace, name } = target(request);
  const pod = store.get("Pod", namespace, name);
  if (pod === undefined) throw notFound({ ...request.resource, name });
  const asked = request.query.get("container") || undefined;
  const names = [...recordsAt(pod, "spec.containers"), ...recordsAt(pod, "spec.initContainers")].map((one) => one.name);
  if (asked !== undefined && !names.includes(asked))
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  return { pod, container: asked ?? defaultContainer(pod) };
}

function defaultContainer({ spec, metadata }: KubeObject): string | undefined {
  const names = recordsAt(spec, "containers").map((one) => String(one.name));
  const annotated = metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  if (annotated !== undefined && names.includes(annotated)) return annotated;
  if (names.length > 1) {
    throw badRequest(
      `a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(" ")}]`,
    );
  }
  return undefined;
}

/** Throws unless a process can be started in it now. */
export function requireRunning({ pod, container }: Place): void {
  const { name } = pod.metadata;
  if (!at(pod, "spec.nodeName")) throw badRequest(`pod ${name} does not have a host assigned`);
  const phase = at(pod, "status.phase");
  if (phase === "Succeeded" || phase === "Failed") {
    throw badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
  const statuses = recordsAt(pod, "status.containerStatuses");
  const status = statuses.find((one) => container === undefined || one.name === container);
  const isStarted = status === undefined || at(status, "state.running") !== undefined;
  if (phase !== "Running" || !isStarted) {
    throw badRequest(`container ${container ?? status?.name ?? ""} of pod ${name} is not running`);
  }
}
