import { describe, expect, it } from "vitest";
import type { Service } from "../snapshot/index.ts";
import { ApiError } from "./api-error.ts";
import { makeService } from "./stage-services.ts";

const SERVICE: Service = {
  namespace: "shop",
  name: "db",
  selector: { app: "db" },
  ports: [{ port: 80, targetPort: "pg", protocol: "TCP" }],
  isHeadless: false,
  place: { file: "a.yaml", line: 1, column: 1 },
};

describe("a Service of the files", () => {
  it("has the addresses that the server gives it, of both families", async () => {
    const made = await makeService(SERVICE, async (object) => ({
      ...object,
      spec: { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7", "fd00:10:96::7"] },
    }));
    expect(made).toMatchObject({ name: "db", addresses: ["10.96.0.7", "fd00:10:96::7"] });
  });

  it.each([403, 404, 422])("that is refused with %s is not tested, with the server's reason", async (code) => {
    const made = await makeService(SERVICE, refusing(code));
    expect(made).toEqual({ what: "service shop/db", reason: expect.stringMatching(/not this one/) });
  });

  it("that fails for another reason fails the run", async () => {
    await expect(makeService(SERVICE, refusing(500))).rejects.toThrow(/not this one/);
  });
});

function refusing(code: number): () => Promise<never> {
  return async () => {
    throw new ApiError("create Service", { code, reason: "", message: "not this one" });
  };
}
