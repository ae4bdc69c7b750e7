import { randomBytes, webcrypto } from "node:crypto";

export interface ServerCertificate {
  /** All PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_MS = 60 * 60 * 1000;
/** A lab may be kept for as long as its user likes. */
const YEAR_MS = 365 * 24 * HOUR_MS;

/** A certificate authority for this one server and its certificate, for a year. The authority's key is not kept. */
export async function makeCertificates(now: Date): Promise<ServerCertificate> {
  const [x509, authority, server] = await Promise.all([loadX509(), makeKeys(), makeKeys()]);
  // A clock that is an hour off on the other side must not matter.
  const validity = { notBefore: new Date(now.getTime() - HOUR_MS), notAfter: new Date(now.getTime() + YEAR_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: serialNumber(),
    name: "CN=netproof-lab-ca",
    signingAlgorithm: ALGORITHM,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: serialNumber(),
    subject: "CN=netproof-lab",
    issuer: ca.subject,
    signingAlgorithm: ALGORITHM,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: "ip", value: "127.0.0.1" },
        { type: "dns", value: "localhost" },
      ]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", server.privateKey));
  return { ca: ca.toString("pem"), certificate: certificate.toString("pem"), key: pem("PRIVATE KEY", key) };
}

/** Loaded late, since no other command should wait for it. */
export async function loadX509(): Promise<typeof import("@peculiar/x509")> {
  provideMetadataReflection();
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto);
  return x509;
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

/** Positive, as the standard wants it. */
function serialNumber(): string {
  return `4e${randomBytes(15).toString("hex")}`;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/**
 * The library's dependency container refuses to load without the metadata functions of the old decorators proposal.
 * These are the three that it calls.
 */
function provideMetadataReflection(): void {
  if ("getMetadata" in Reflect) return;
  const metadata = new WeakMap<object, Map<unknown, unknown>>();
  const getOwnMetadata = (key: unknown, owner: object): unknown => metadata.get(owner)?.get(key);
  Object.assign(Reflect, {
    getOwnMetadata,
    getMetadata(key: unknown, owner: object): unknown {
      const parent: object | null = Object.getPrototypeOf(owner);
      const own = getOwnMetadata(key, owner);
      return own === undefined && parent !== null ? this.getMetadata(key, parent) : own;
    },
    defineMetadata(key: unknown, value: unknown, owner: object): void {
      metadata.set(owner, (metadata.get(owner) ?? new Map<unknown, unknown>()).set(key, value));
    },
  });
}
