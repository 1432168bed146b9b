import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

/** A certificate with its key, in PEM. */
export interface Certified {
  cert: string;
  key: string;
}

export interface Authority extends Certified {
  /** A certificate of this authority for these names or IPv4 addresses. */
  issue: (names: string[], validity?: Validity) => Certified;
}

export interface Validity {
  from: Date;
  to: Date;
}

const day = 24 * 3_600_000;
const now = Date.now();
const thisWeek: Validity = { from: new Date(now - 3 * day), to: new Date(now + 3 * day) };
export const lastWeek: Validity = { from: new Date(now - 9 * day), to: new Date(now - 2 * day) };
export const nextWeek: Validity = { from: new Date(now + 2 * day), to: new Date(now + 9 * day) };

/** An authority of its own, in which nobody trusts; made anew in each test, kept nowhere. */
export function makeAuthority(name = "codex-oauth test authority"): Authority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }) as string;
  const own = certificate({ subject: name, issuer: name, keys, signer: keys.privateKey, ca: true });
  return {
    cert: own,
    key: pem(keys.privateKey),
    issue: (names, validity = thisWeek) => {
      const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const subject = names[0] ?? "nobody";
      const signer = keys.privateKey;
      return {
        cert: certificate({ subject, issuer: name, keys: leaf, signer, names, validity }),
        key: pem(leaf.privateKey),
      };
    },
  };
}

interface Content {
  subject: string;
  issuer: string;
  keys: { publicKey: KeyObject };
  signer: KeyObject;
  ca?: boolean;
  names?: string[];
  validity?: Validity;
}

/** X.509 version 3 in DER (RFC 5280 §4.1), signed with ECDSA and SHA-256. */
function certificate({ subject, issuer, keys, signer, ca = false, names = [], validity = thisWeek }: Content) {
  const algorithm = sequence(oid("2a8648ce3d040302"));
  const extensions = [
    extension("551d13", ca ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()),
    ...(names.length === 0 ? [] : [extension("551d11", sequence(...names.map(alternativeName)))]),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    commonName(issuer),
    sequence(time(validity.from), time(validity.to)),
    commonName(subject),
    keys.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, signer);
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString("base64").replace(/.{64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(name)))));
}

function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]|\.\d+/g, ""); // YYYYMMDDHHMMSSZ
  return der(0x18, Buffer.from(text));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value));
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 4 ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name));
}
