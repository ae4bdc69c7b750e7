/** The cluster that the sentences speak of; every pod stands for something that selectors or port names tell apart. */
export const CAST = `
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop, kind: public}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bank, labels: {team: bank}}
---
apiVersion: v1
kind: Pod
metadata: {name: plain, namespace: default}
spec:
  containers: [{name: main}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec:
  containers: [{name: main, ports: [{name: http, containerPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api, tier: back}}
spec:
  containers:
  - {name: main, ports: [{name: http, containerPort: 8081}]}
  - {name: more, ports: [{name: http, containerPort: 8082, protocol: TCP}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  initContainers:
  - {name: sidecar, restartPolicy: Always, ports: [{name: metrics, containerPort: 9001}]}
  - {name: once, ports: [{name: setup, containerPort: 9002}]}
  containers:
  - {name: main, ports: [{containerPort: 82}, {name: http, containerPort: 8083, protocol: UDP}]}
---
apiVersion: v1
kind: Pod
metadata: {name: node, namespace: shop, labels: {app: node}}
spec:
  hostNetwork: true
  containers: [{name: main, ports: [{name: http, containerPort: 8084}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: bank, labels: {app: web, tier: front, mark: x}}
spec:
  containers: [{name: main}]
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: bank, labels: {app: db, mark: ""}}
spec:
  containers: [{name: main}]
`;

/** IPv4 and IPv6 of each pod; the pod on the host's network has the node's. */
export const ADDRESSES: Readonly<Record<string, readonly [string, string]>> = {
  "default/plain": ["10.244.2.2", "fd00:10:244:2::2"],
  "shop/web": ["10.244.1.3", "fd00:10:244:1::3"],
  "shop/api": ["10.244.2.4", "fd00:10:244:2::4"],
  "shop/db": ["10.244.1.5", "fd00:10:244:1::5"],
  "shop/node": ["10.250.0.3", "fd00:10:250::3"],
  "bank/web": ["10.244.2.6", "fd00:10:244:2::6"],
  "bank/db": ["10.244.1.7", "fd00:10:244:1::7"],
};

/** A host outside the cluster. */
export const OUTSIDE = ["203.0.113.10", "2001:db8::10"] as const;
