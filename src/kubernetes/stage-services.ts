import type { NotTested, StagedService } from "../plan/index.ts";
import type { Service } from "../snapshot/index.ts";
import { isStatus } from "./api-error.ts";
import { messageOf } from "./cause.ts";
import type { Json } from "./client.ts";

/** A Service with the addresses that the server gave it, or why it could not be made. */
export type MadeService = StagedService | NotTested;

/** Makes a Service. One that is refused is not tested: the proof does not rest on it. */
export async function makeService(service: Service, create: (object: Json) => Promise<Json>): Promise<MadeService> {
  try {
    return { ...service, addresses: addressesOf(await create(serviceObject(service))) };
  } catch (error) {
    if (!REFUSALS.some((code) => isStatus(error, code))) throw error;
    return { what: `service ${service.namespace}/${service.name}`, reason: messageOf(error) };
  }
}

/** Forbidden or over a quota, unknown, invalid. */
const REFUSALS = [403, 404, 422];

/** Leads to pods that are not ready as well: whether they listen is the run's own to find out. */
function serviceObject({ namespace, name, selector, ports }: Service): Json {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { selector, ports, publishNotReadyAddresses: true, ipFamilyPolicy: "PreferDualStack" },
  };
}

function addressesOf({ spec }: Json): readonly string[] {
  const { clusterIP = "", clusterIPs = [clusterIP] } = (spec ?? {}) as { clusterIP?: string; clusterIPs?: string[] };
  return clusterIPs.filter((address) => address !== "" && address !== "None");
}
