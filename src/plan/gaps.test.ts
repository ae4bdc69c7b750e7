import { describe, expect, it } from "vitest";
import { findGaps } from "./gaps.ts";
import { deployment, policies } from "./testing.ts";

const POLICY = `{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: apl}}}]}]}`;

describe("gaps in the files", () => {
  it("are workloads that no policy selects, and selectors that select no workload", () => {
    const files = policies(
      { "shop/db": POLICY },
      [deployment("shop/db", "{app: db}"), deployment("shop/api", "{app: api}")].join("\n---\n"),
    );
    expect(findGaps(files)).toEqual({
      unselectedWorkloads: ["shop/api"],
      deadSelectors: ["ingress rule 1 of shop/db: podSelector app=apl"],
    });
  });

  it("include a policy that selects nothing because it stands in another namespace", () => {
    const { deadSelectors } = findGaps(policies({ "other/db": POLICY }, deployment("shop/db", "{app: db}")));
    expect(deadSelectors).toContain("podSelector of other/db: app=db");
  });

  it("are none where the files hold no workload to hold selectors against", () => {
    expect(findGaps(policies({ "shop/db": POLICY }))).toEqual({ unselectedWorkloads: [], deadSelectors: [] });
  });

  it("say where a selector means a namespace that the files do not have, such as that of the cluster's DNS", () => {
    const dns = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}";
    const spec = `{podSelector: {}, policyTypes: [Egress], egress: [{to: [${dns}]}]}`;
    const { deadSelectors } = findGaps(policies({ "shop/p": spec }, deployment("shop/db", "{app: db}")));
    expect(deadSelectors).toEqual([
      expect.stringMatching(/^egress rule 1 of shop\/p: .*\(no such namespace in the files\)$/),
    ]);
  });

  it("read a namespaceSelector with the labels of the files' namespaces, and the name that each has", () => {
    const spec = `{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: web}}}]}]}`;
    const web = "{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {team: a}}}";
    const workloads = [deployment("web/front", "{app: front}"), deployment("shop/db", "{app: db}")];
    expect(findGaps(policies({ "shop/p": spec }, [web, ...workloads].join("\n---\n"))).deadSelectors).toEqual([]);
  });
});
