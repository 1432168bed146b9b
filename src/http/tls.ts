import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { SecureContext } from "node:tls";
import { oneLine } from "../shared/text.ts";
import { errnoOf } from "../platform/files/errors.ts";

/** A certificate file from an environment variable. */
export interface CaFile {
  variable: "NODE_EXTRA_CA_CERTS" | "CODEX_CA_CERTIFICATE" | "SSL_CERT_FILE";
  path: string;
}

/** The content of a certificate file. */
export interface CaFileReport extends CaFile {
  /** PEM, one certificate each. */
  certificates: readonly string[];
  /** Why there are none, as a relative clause: "which does not exist". */
  problem: string | undefined;
}

const maxFileBytes = 8 * 1024 * 1024;
/** Node itself reads the file of this variable, also by a relative path. */
const nodeVariable = "NODE_EXTRA_CA_CERTS";

/**
 * The trusted certificate authorities: Node's, and those in files. Each file is read once, on first use.
 * See docs/decisions.md#certificate-authorities-are-added-never-replaced.
 */
export class CertificateStore {
  readonly #files: readonly CaFile[];
  #reports: Promise<CaFileReport[]> | undefined;
  #context: Promise<SecureContext | undefined> | undefined;

  constructor(files: readonly CaFile[]) {
    this.#files = files;
  }

  /** The content of each file. Never fails. */
  reports(): Promise<readonly CaFileReport[]> {
    return (this.#reports ??= Promise.all(this.#files.map(readCaFile)));
  }

  /** One sentence for each unusable file. Never fails. */
  async notices(): Promise<string[]> {
    return (await this.reports()).flatMap(({ variable, path, problem }) =>
      problem === undefined ? [] : [`${variable} names ${oneLine(path, 200)}, ${problem}.`],
    );
  }

  /**
   * The context for `tls.connect`; undefined if Node's default suffices, which includes NODE_EXTRA_CA_CERTS. With a
   * relative path there, Node's default has what it found in the untrusted project, so only its bundled authorities
   * are taken.
   */
  context(): Promise<SecureContext | undefined> {
    return (this.#context ??= this.#createContext());
  }

  async #createContext(): Promise<SecureContext | undefined> {
    const reports = await this.reports();
    const tainted = this.#files.some(({ variable, path }) => variable === nodeVariable && !isAbsolute(path));
    const added = reports.some(({ variable, certificates }) => variable !== nodeVariable && certificates.length > 0);
    if (!tainted && !added) return undefined;
    const { default: tls } = await import("node:tls"); // loaded with the first connection that needs it
    // Node 22.15 and later report their list, including the system's authorities, but with NODE_EXTRA_CA_CERTS as it
    // was at the start; a program may configure another file.
    const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
    const defaults = (tainted ? undefined : getCACertificates?.("default")) ?? tls.rootCertificates;
    const ca = new Set([...defaults, ...reports.flatMap(({ certificates }) => certificates)]);
    return tls.createSecureContext({ ca: [...ca] });
  }
}

async function readCaFile(file: CaFile): Promise<CaFileReport> {
  const unusable = (problem: string): CaFileReport => ({ ...file, certificates: [], problem });
  // A relative path would resolve in the untrusted project.
  if (!isAbsolute(file.path)) return unusable("which is not an absolute path: it is not trusted");
  try {
    const stats = await stat(file.path); // opening a FIFO would wait for its writer
    if (!stats.isFile()) return unusable("which is not a file");
    if (stats.size > maxFileBytes) return unusable("which is far too large");
    const certificates = parseCertificates(await readFile(file.path, "latin1"));
    return certificates.length === 0
      ? unusable("which holds no certificate in PEM form")
      : { ...file, certificates, problem: undefined };
  } catch (error) {
    const code = errnoOf(error) ?? "unknown cause";
    return unusable(code === "ENOENT" ? "which does not exist" : `which cannot be read (${code})`);
  }
}

/** The valid certificates of a PEM file: `createSecureContext` fails if one is invalid. */
function parseCertificates(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.filter((block) => {
    try {
      return new X509Certificate(block).raw.length > 0;
    } catch {
      return false;
    }
  });
}
