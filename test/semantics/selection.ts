import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { from, given, onDb, onWeb, policy, promised, refused, type Sentence, shown, to } from "./sentence.ts";

const OTHERS = ["shop/web", "shop/api", "bank/db", "default/plain", "outside"];
const INTO_DB = [...from(OTHERS, "shop/db 80"), ...from(OTHERS, "shop/db 9000/UDP v6"), "shop/web > shop/db 1/SCTP"];
const OUT_OF_DB = [
  ...to("shop/db", OTHERS, "80"),
  ...to("shop/db", OTHERS, "9000/UDP v6"),
  "shop/db > shop/web 65535/SCTP",
];
const BESIDE_DB = ["shop/web > shop/api 80", "bank/web > shop/web 80 v6", "shop/api > bank/db 80/UDP"];

/** What `ingress` and `egress` look like in a rule's place, each said of the other direction too. */
const NO_RULES = (direction: string): readonly (readonly string[])[] => [
  [],
  [`${direction}:`],
  [`${direction}: null`],
  [`${direction}: []`],
];
const OPEN_RULES = (direction: string): readonly (readonly string[])[] => [
  [`${direction}: [{}]`],
  [`${direction}:`, "- {}"],
  [`${direction}: [null]`],
  [`${direction}:`, "- "],
  [`${direction}: [{}, {ports: [{port: 9999}]}]`],
];

const addedUp = (first: string, second: string) => [
  policy(first, "podSelector: {matchLabels: {app: db}}", "ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]"),
  policy(second, "podSelector: {}", "ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 81}]}]"),
];
const DENY_ALL = "policyTypes: [Ingress, Egress]";

export const SELECTION_AND_ISOLATION: readonly Sentence[] = [
  {
    title: "No policy selects a pod for a direction: everything is allowed in that direction.",
    checks: [
      given([], { allow: [...INTO_DB, ...OUT_OF_DB, ...BESIDE_DB], deny: [] }),
      // A policy in the namespace, or for the other direction, or of the pod's namesake elsewhere, is none that selects it.
      given([onDb("ingress: []")], { allow: [...OUT_OF_DB, ...BESIDE_DB, "shop/web > bank/db 80"], deny: INTO_DB }),
      given([onDb("policyTypes: [Egress]")], { allow: [...INTO_DB, ...BESIDE_DB], deny: OUT_OF_DB }),
    ],
  },
  {
    title: "Selected in one direction leaves the other open.",
    checks: [
      given([onDb("policyTypes: [Ingress]")], { allow: OUT_OF_DB, deny: INTO_DB }),
      given([onDb("policyTypes: [Egress]")], { allow: INTO_DB, deny: OUT_OF_DB }),
      given([onDb(DENY_ALL)], { allow: BESIDE_DB, deny: [...INTO_DB, ...OUT_OF_DB] }),
    ],
  },
  {
    title: "`ingress` absent = `null` = `[]`: isolated, nothing allowed.",
    checks: NO_RULES("ingress").map((rules) =>
      given([onDb(...rules)], { allow: [...OUT_OF_DB, ...BESIDE_DB], deny: INTO_DB }),
    ),
  },
  {
    title: "`[{}]`, and `[null]`, which the server stores as `[{}]`: everything allowed.",
    checks: [
      ...OPEN_RULES("ingress").map((rules) =>
        given([onDb(DENY_ALL, ...rules)], { allow: [...INTO_DB, ...BESIDE_DB], deny: OUT_OF_DB }),
      ),
      promised(() =>
        expect(storedSpecOf("ingress-null-rule")).toEqual({ podSelector: {}, ingress: [{}], policyTypes: ["Ingress"] }),
      ),
    ],
  },
  {
    title: "The same for `egress`.",
    checks: [
      ...NO_RULES("egress").map((rules) =>
        given([onDb("policyTypes: [Egress]", ...rules)], { allow: [...INTO_DB, ...BESIDE_DB], deny: OUT_OF_DB }),
      ),
      ...OPEN_RULES("egress").map((rules) =>
        given([onDb(DENY_ALL, ...rules)], { allow: [...OUT_OF_DB, ...BESIDE_DB], deny: INTO_DB }),
      ),
    ],
  },
  {
    title: "`policyTypes` absent or `[]`: always Ingress; Egress as well iff `egress` has at least one rule.",
    checks: [[], ["policyTypes:"], ["policyTypes: []"]].flatMap((types) => [
      ...NO_RULES("egress").map((rules) => given([onDb(...types, ...rules)], { allow: OUT_OF_DB, deny: INTO_DB })),
      given([onDb(...types, "ingress: [{}]", "egress: []")], { allow: [...INTO_DB, ...OUT_OF_DB], deny: [] }),
      given([onDb(...types, "egress: [{ports: [{port: 9000}]}]")], {
        allow: ["shop/db > shop/web 9000", "shop/db > outside 9000"],
        deny: [...INTO_DB, ...OUT_OF_DB],
      }),
      given([onDb(...types, "egress: [{}]")], { allow: OUT_OF_DB, deny: INTO_DB }),
      given([onDb(...types, "ingress: [{}]", "egress: [{ports: [{port: 9000}]}]")], {
        allow: [...INTO_DB, "shop/db > shop/web 9000"],
        deny: OUT_OF_DB,
      }),
    ]),
  },
  {
    title: "Given: just those; rules of a direction not named are ignored.",
    checks: [
      given([onDb("policyTypes: [Egress]", "ingress: [{ports: [{port: 9000}]}]")], { allow: INTO_DB, deny: OUT_OF_DB }),
      given([onDb("policyTypes: [Ingress]", "egress: [{ports: [{port: 9000}]}]")], {
        allow: OUT_OF_DB,
        deny: [...INTO_DB, "shop/web > shop/db 9000"],
      }),
      // What is ignored does not open what another policy shuts.
      given([onDb("policyTypes: [Egress]", "ingress: [{}]"), policy("shop/shut", "podSelector: {}")], {
        allow: ["shop/web > bank/web 80"],
        deny: [...INTO_DB, ...OUT_OF_DB],
      }),
      given([onDb("policyTypes: [Egress, Ingress]")], { allow: BESIDE_DB, deny: [...INTO_DB, ...OUT_OF_DB] }),
    ],
  },
  {
    title: "A duplicate is accepted.",
    checks: [
      given([onDb("policyTypes: [Ingress, Ingress]")], { allow: OUT_OF_DB, deny: INTO_DB }),
      given([onDb("policyTypes: [Egress, Egress]")], { allow: INTO_DB, deny: OUT_OF_DB }),
      refused(
        onDb("policyTypes: [Ingress, Egress, Ingress]"),
        'p.yaml:6:16: spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
      ),
    ],
  },
  {
    title: "A policy without `spec` is accepted and means: every pod of the namespace, Ingress, nothing allowed.",
    checks: [policy("shop/p"), policy("shop/p", ""), policy("shop/p", "{}"), `${policy("shop/p")}\nspec: null`].map(
      (withoutSpec) =>
        given([withoutSpec], {
          allow: [...to("shop/web", ["bank/db", "default/plain", "outside"], "80"), "shop/web > bank/web 80/UDP v6"],
          deny: [...INTO_DB, "shop/db > shop/web 80", "bank/web > shop/api 80/UDP", "outside > shop/web 80 v6"],
        }),
    ),
  },
  {
    title: "`podSelector` absent, `null` or `{}`: every pod of the policy's namespace, and only of it.",
    checks: [
      ["ingress: []"],
      ["podSelector:", "ingress: []"],
      ["podSelector: null"],
      ["podSelector: {}"],
      ["podSelector: {matchLabels: {}, matchExpressions: []}"],
      ["podSelector: {matchLabels: null}"],
    ].map((spec) =>
      given([policy("bank/p", ...spec)], {
        allow: [...to("bank/web", ["shop/web", "shop/db", "default/plain", "outside"], "80"), "shop/api > shop/db 80"],
        deny: [
          ...to("shop/web", ["bank/web", "bank/db"], "80"),
          "bank/web > bank/db 80 v6",
          "outside > bank/web 80/UDP",
        ],
      }),
    ),
  },
  {
    title: "Policies add up; order never matters.",
    checks: [
      addedUp("shop/a", "shop/b"),
      addedUp("shop/b", "shop/a"),
      addedUp("shop/a", "shop/b").toReversed(),
      addedUp("shop/b", "shop/a").toReversed(),
    ].map((policies) =>
      given(policies, {
        allow: ["shop/web > shop/db 80", "shop/web > shop/db 81", "bank/web > shop/db 81", "bank/web > shop/api 81"],
        deny: ["bank/web > shop/db 80", "shop/web > shop/api 80", "shop/web > shop/db 82", "outside > shop/db 81"],
      }),
    ),
  },
  {
    title: "deny-all and allow-all together allow.",
    checks: [
      ["shop/a", "shop/b"],
      ["shop/b", "shop/a"],
    ].flatMap(([first = "", second = ""]) => {
      const denyAll = policy(first, "podSelector: {}", DENY_ALL);
      const allowAll = policy(second, "podSelector: {}", DENY_ALL, "ingress: [{}]", "egress: [{}]");
      const elsewhere = policy("bank/deny", "podSelector: {}", DENY_ALL);
      const outcome = {
        allow: ["shop/web > shop/db 80", "outside > shop/db 80/UDP", "shop/db > outside 80/SCTP v6"],
        deny: ["shop/web > bank/db 80", "bank/db > shop/web 80"],
      };
      return [given([denyAll, allowAll, elsewhere], outcome), given([allowAll, elsewhere, denyAll], outcome)];
    }),
  },
  {
    title: "A connection needs the source's egress *and* the destination's ingress.",
    checks: [
      given(
        [
          onWeb("policyTypes: [Egress]", "egress: [{ports: [{port: 80}, {port: 81}]}]"),
          onDb("ingress: [{ports: [{port: 81}, {port: 82}]}]"),
        ],
        {
          allow: ["shop/web > shop/db 81", "shop/web > shop/api 80", "shop/api > shop/db 82", "shop/web > outside 80"],
          deny: ["shop/web > shop/db 80", "shop/web > shop/db 82", "shop/api > shop/db 80", "shop/web > outside 82"],
        },
      ),
      // Replies need no rule of their own, and the source's ingress is not asked.
      given([onWeb(DENY_ALL, "egress: [{}]"), onDb(DENY_ALL, "ingress: [{}]")], {
        allow: ["shop/web > shop/db 80"],
        deny: ["shop/db > shop/web 80", "shop/api > shop/web 80", "shop/db > shop/api 80"],
      }),
    ],
  },
  {
    title: "A rule that can match nothing (unknown port name, selector without pods) still isolates.",
    checks: [
      "{ports: [{port: nowhere}]}",
      "{from: [{podSelector: {matchLabels: {app: nobody}}}]}",
      "{from: [{namespaceSelector: {matchLabels: {team: nobody}}}]}",
    ].flatMap((rule) => [
      given([onDb(`ingress: [${rule}]`)], { allow: [...OUT_OF_DB, ...BESIDE_DB], deny: INTO_DB }),
      given([onDb("ingress: [{}]", `egress: [${rule.replace("from", "to")}]`)], { allow: INTO_DB, deny: OUT_OF_DB }),
    ]),
  },
  {
    title: "`metadata.namespace` absent: `default` (or the namespace given on the command line).",
    checks: [
      given([policy("p", "podSelector: {}")], {
        allow: ["default/plain > shop/web 80", "shop/web > shop/db 80", "shop/web > bank/db 80"],
        deny: ["shop/web > default/plain 80", "outside > default/plain 80"],
      }),
      given([policy("p", "podSelector: {}"), policy("shop/p", "podSelector: {}")], {
        defaultNamespace: "bank",
        allow: ["shop/web > default/plain 80", "bank/web > outside 80"],
        deny: ["shop/web > bank/db 80", "shop/web > shop/db 80"],
      }),
      shown(
        "src/snapshot/parse-manifests.test.ts",
        "without a namespace is in the default namespace, in its object too",
      ),
    ],
  },
];

/** What a real API server stored. */
function storedSpecOf(name: string): unknown {
  const recording = new URL("../fixtures/kubernetes-api/networkpolicy-admission.json", import.meta.url);
  const recorded: readonly { name: string; storedSpec?: unknown }[] = JSON.parse(readFileSync(recording, "utf8"));
  return recorded.find((record) => record.name === name)?.storedSpec;
}
