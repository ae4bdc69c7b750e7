import type { Cursor } from "./cursor.ts";
import { type Labels, PROTOCOLS, type Service, type ServicePort } from "./model.ts";
import { portNumberObjections } from "./name-syntax.ts";
import { checkWord, invalid } from "./object-meta.ts";

/** Checks what netproof reads of a Service, and nothing else of it. Undefined after some problems. */
export function checkService(service: Cursor): Pick<Service, "selector" | "ports" | "isHeadless"> | undefined {
  const { spec } = service.expectFields(["spec"], { others: "ignored" }) ?? {};
  if (spec === undefined) return { selector: {}, ports: [], isHeadless: false };
  const fields = spec.expectFields(["clusterIP", "ports", "selector", "type"], { others: "ignored" });
  if (fields === undefined) return undefined;
  // What leads out of the cluster by a name has no pods behind it.
  const isElsewhere = fields.type?.expectString() === "ExternalName";
  return {
    selector: isElsewhere ? {} : selectorOf(fields.selector),
    ports: (fields.ports?.expectList() ?? []).flatMap((item) => servicePort(item) ?? []),
    isHeadless: fields.clusterIP?.expectString() === "None",
  };
}

function selectorOf(cursor: Cursor | undefined): Labels {
  const entries = [...(cursor?.expectMap() ?? [])];
  return Object.fromEntries(entries.map(([key, value]) => [key, value.expectString() ?? ""]));
}

function servicePort(cursor: Cursor): ServicePort | undefined {
  const fields = cursor.expectFields(["name", "port", "protocol", "targetPort"], { others: "ignored" });
  if (fields === undefined) return undefined;
  if (fields.port === undefined) cursor.problem("Required value", { field: "port" });
  const port = fields.port?.expectInteger();
  const protocol = fields.protocol ? checkWord(fields.protocol, PROTOCOLS) : "TCP";
  if (fields.port === undefined || port === undefined || protocol === undefined) return undefined;
  for (const objection of portNumberObjections(port)) invalid(fields.port, port, objection);
  const name = fields.name?.expectString() ?? "";
  // Absent, null, 0 and "" are the port itself.
  const targetPort = fields.targetPort?.expectIntegerOrString() || port;
  return { ...(name === "" ? {} : { name }), protocol, port, targetPort };
}
