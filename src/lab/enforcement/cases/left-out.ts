import { DENY_BOTH, DENY_INGRESS, type SemanticsCase } from "./semantics-case.ts";

const shop = (spec: unknown) => ({ namespace: "shop", spec });
const fromApp = (app: string) =>
  shop({ podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }] });

/** Pods that policies do not speak of, and ends that they do not judge. */
export const LEFT_OUT_CASES: readonly SemanticsCase[] = [
  {
    name: "a node always reaches its own pods",
    policies: [shop(DENY_BOTH)],
    open: ["node1 > shop/web 80", "node1 > shop/web 81/UDP v6", "node2 > shop/api 80"],
    shut: ["node2 > shop/web 80", "outside > shop/web 80"],
  },
  {
    name: "a pod in the node's network is not matched by a podSelector",
    policies: [fromApp("host")],
    open: ["node1 > shop/web 80"],
    shut: ["node2 > shop/web 80", "node2 > shop/web 80 v6", "shop/db > shop/web 80"],
  },
  {
    name: "a pod in the node's network is not matched by an empty podSelector nor by a namespaceSelector",
    policies: [shop({ podSelector: {}, ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }] })],
    open: ["shop/db > shop/web 80", "bank/web > shop/web 80"],
    shut: ["node2 > shop/web 80", "node2 > shop/web 80 v6", "outside > shop/web 80"],
  },
  {
    name: "a node is matched by a block with its address",
    policies: [shop({ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.250.0.3/32" } }] }] })],
    open: ["node2 > shop/web 80"],
    shut: ["node2 > shop/web 80 v6", "outside > shop/web 80"],
  },
  ...["Succeeded", "Failed"].flatMap((phase) => [
    {
      name: `no policy applies to a pod that has ${phase}`,
      policies: [shop(DENY_INGRESS)],
      pods: { "shop/web": { status: { phase } } },
      open: ["shop/db > shop/web 80", "outside > shop/web 80"],
      shut: ["shop/web > shop/db 80"],
    },
    {
      name: `no selector matches a pod that has ${phase}`,
      policies: [fromApp("web")],
      pods: { "shop/web": { status: { phase } } },
      open: [],
      shut: ["shop/web > shop/db 80"],
    },
  ]),
  {
    name: "a pod that is pending and has an address is isolated from the start",
    policies: [shop(DENY_INGRESS)],
    pods: { "shop/web": { status: { phase: "Pending" } } },
    open: [],
    shut: ["shop/db > shop/web 80"],
  },
  {
    name: "a terminating pod is neither isolated nor matched",
    policies: [fromApp("web")],
    pods: { "shop/web": { metadata: { deletionTimestamp: "2026-11-21T02:41:48Z" } } },
    open: ["shop/db > shop/web 80"],
    shut: ["shop/web > shop/db 80"],
  },
  {
    name: "a pod without an address of a family is judged by the other one alone",
    policies: [shop({ podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: "db" } } }] }] })],
    pods: { "shop/db": { status: { podIPs: [{ ip: "10.244.1.5" }] } } },
    open: ["shop/db > shop/web 80"],
    shut: ["shop/db > shop/web 80 v6"],
  },
  {
    name: "a pod that has no address yet is no peer",
    policies: [fromApp("db")],
    pods: { "shop/db": { status: { podIPs: [] } } },
    open: [],
    shut: ["shop/db > shop/web 80", "shop/db > shop/web 80 v6"],
  },
];
