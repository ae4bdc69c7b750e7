import { webcrypto } from "node:crypto";
import { loadX509 } from "../../src/lab/api/certificates.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface SelfSigned {
  /** PEM, as the key. */
  readonly certificate: string;
  readonly key: string;
}

/** A certificate for a DNS name, signed by itself; for the hour around now unless told otherwise. */
export async function makeSelfSigned({ name, notAfter }: { name: string; notAfter?: Date }): Promise<SelfSigned> {
  const x509 = await loadX509();
  const end = notAfter ?? new Date(Date.now() + 1_800_000);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `CN=${name}`,
    notBefore: new Date(end.getTime() - 3_600_000),
    notAfter: end,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { certificate: certificate.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}
