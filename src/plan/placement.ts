/**
 * Where the run stands: in a cluster of its own, in namespaces of its own, or within one namespace of somebody else's,
 * for those who may not make namespaces.
 */
export type Placement =
  | { readonly kind: "own-cluster" }
  | { readonly kind: "throwaway" }
  | { readonly kind: "within"; readonly namespace: string; readonly runId: string };
