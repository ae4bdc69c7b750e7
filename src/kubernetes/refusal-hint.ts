import type { ApiStatus } from "./api-status.ts";

interface Refusal {
  /** What is asked for, as after "Cannot"; absent: whatever it is. */
  readonly what?: RegExp;
  /** What the API server says. */
  readonly says: RegExp;
  readonly hint: string;
}

/** The first that fits: from what says most to what says least. */
const REFUSALS: readonly Refusal[] = [
  {
    says: /exceeded quota|must specify .* for/,
    hint: "Raise the quota, make fewer pods (--max-pods), or prove in another namespace (--run-namespace)",
  },
  {
    says: /violates PodSecurity/,
    hint: "The probe pods meet the restricted level of every version so far: see the namespace's labels pod-security.kubernetes.io/*, or prove in another namespace (--run-namespace)",
  },
  {
    says: /failed calling webhook/,
    hint: "An admission webhook does not answer: mend it, or exempt from it the namespaces of a run (np-*) or the one of --run-namespace",
  },
  {
    says: /denied (the )?request|ValidatingAdmissionPolicy|admission/,
    hint: "An admission rule of the cluster refuses it: exempt from it the namespaces of a run (np-*), or prove in a namespace where it does not hold (--run-namespace)",
  },
  {
    what: /^(create|delete) namespace/,
    says: /forbidden/,
    hint: "Grant the right to create and delete namespaces, or prove within one namespace that is there already: --run-namespace",
  },
  {
    what: /^open a session/,
    says: /forbidden/,
    hint: "Grant the verbs create and get on the resource pods/exec, in all namespaces (np-*) or in that of --run-namespace",
  },
  {
    what: /^(list|watch|read) /,
    says: /forbidden/,
    hint: "Grant the verbs get, list and watch on this resource to the user of the kubeconfig, or use another --context",
  },
  { says: /forbidden/, hint: "Grant this right to the user of the kubeconfig, or use another --context" },
];

/** What a user can do about an answer that is not a success; undefined where nothing general can be said. */
export function refusalHint(what: string, { code, message }: ApiStatus): string | undefined {
  if (code === 401) return "Your credentials are not accepted: log in again, or choose another --context";
  if (code === 429) return "The API server is busy: try again later";
  const said = code === 403 ? `${message} forbidden` : message;
  return REFUSALS.find((refusal) => (refusal.what?.test(what) ?? true) && refusal.says.test(said))?.hint;
}
