import type { KubeObject } from "../../contracts.ts";
import type { Draft } from "../../store.ts";
import { type Cause, invalidValue } from "../field-errors.ts";
import type { DecodedServiceSpec } from "./shape.ts";
import { isHeadless } from "./validate.ts";

/** An address or family may be added and the second one given back, but none turns into another. */
export function serviceUpdateFaults(draft: Draft, { spec: before }: KubeObject): readonly Cause[] {
  // The decoder has given both this shape.
  const [now, old] = [draft.spec as DecodedServiceSpec, before as DecodedServiceSpec];
  const isOtherKind = isHeadless(now) !== isHeadless(old);
  return [
    ...(isHeadless(now) && isHeadless(old) ? [] : changed("clusterIPs", now, old)),
    ...(isHeadless(now) || isOtherKind ? [] : changed("ipFamilies", now, old)),
  ];
}

function changed(name: "clusterIPs" | "ipFamilies", now: DecodedServiceSpec, old: DecodedServiceSpec) {
  const [after = [], before = []] = [now[name], old[name]];
  return before.slice(0, after.length).flatMap((value, i) => {
    const index = name === "clusterIPs" ? i : 0; // a genuine server always names the first family
    return after[i] === value ? [] : [invalidValue(`spec.${name}[${index}]`, after, "may not change once set")];
  });
}
