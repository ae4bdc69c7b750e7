import type { StagedService } from "../plan/index.ts";
import type { Service } from "../snapshot/index.ts";
import { isStatus } from "./api-error.ts";
import { messageOf } from "./cause.ts";
import type { Json } from "./client.ts";

export interface StageServices {
  readonly services: readonly StagedService[];
  /** Why there are none. */
  readonly missing?: string;
}

/** Makes Services and notes the addresses that the server gives them. None where nobody may make any: they are an extra. */
export async function makeServices(
  services: readonly Service[],
  create: (object: Json) => Promise<Json>,
): Promise<StageServices> {
  try {
    const made = await Promise.all(
      services.map(async (service) => ({ ...service, addresses: addressesOf(await create(serviceObject(service))) })),
    );
    return { services: made };
  } catch (error) {
    if (isStatus(error, 403) || isStatus(error, 404) || isStatus(error, 422))
      return { services: [], missing: messageOf(error) };
    throw error;
  }
}

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
