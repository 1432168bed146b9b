import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { SecureContext } from "node:tls";
import { oneLine } from "../shared/text.ts";
import { errnoOf } from "../platform/files/errors.ts";

/** A file of certificates that a variable names. */
export interface CaFile {
  variable: "NODE_EXTRA_CA_CERTS" | "CODEX_CA_CERTIFICATE" | "SSL_CERT_FILE";
  path: string;
}

/** What such a file gives. */
export interface CaFileReport extends CaFile {
  /** In PEM, one each. */
  certificates: readonly string[];
  /** Why it gives none: "which does not exist". */
  problem: string | undefined;
}

const maxFileBytes = 8 * 1024 * 1024;

/**
 * The authorities that certificates may come from, beside those that Node brings: companies sign with their own. Files
 * are read when first asked for, once.
 */
export class CertificateStore {
  readonly #files: readonly CaFile[];
  #reports: Promise<CaFileReport[]> | undefined;
  #context: Promise<SecureContext | undefined> | undefined;

  constructor(files: readonly CaFile[]) {
    this.#files = files;
  }

  /** What each file gives. Never fails. */
  reports(): Promise<readonly CaFileReport[]> {
    return (this.#reports ??= Promise.all(this.#files.map(readCaFile)));
  }

  /** One sentence for each file that gives nothing. Never fails. */
  async notices(): Promise<string[]> {
    return (await this.reports()).flatMap(({ variable, path, problem }) =>
      problem === undefined ? [] : [`${variable} names ${oneLine(path, 200)}, ${problem}.`],
    );
  }

  /**
   * For `tls.connect`; undefined where Node's own choice is right, which knows NODE_EXTRA_CA_CERTS by itself. One
   * context for all connections: making one reads every root anew.
   */
  context(): Promise<SecureContext | undefined> {
    return (this.#context ??= this.#makeContext());
  }

  async #makeContext(): Promise<SecureContext | undefined> {
    const reports = await this.reports();
    const from = (node: boolean): string[] =>
      reports
        .filter(({ variable }) => (variable === "NODE_EXTRA_CA_CERTS") === node)
        .flatMap(({ certificates }) => certificates);
    const ours = from(false);
    if (ours.length === 0) return undefined;
    const { default: tls } = await import("node:tls"); // not before the first connection that needs it
    // A list of our own replaces Node's: what it would have had must stand in ours. A newer Node tells it, but with the
    // variable as it was when the process started, and a program may say otherwise.
    const ca = new Set([...(nodeDefaults(tls) ?? tls.rootCertificates), ...from(true), ...ours]);
    return tls.createSecureContext({ ca: [...ca] });
  }
}

/** Since Node 22.15 Node tells which authorities it takes, also those of the system. */
function nodeDefaults(tls: object): string[] | undefined {
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  return getCACertificates?.("default");
}

async function readCaFile(file: CaFile): Promise<CaFileReport> {
  const without = (trouble: string): CaFileReport => ({ ...file, certificates: [], problem: trouble });
  // A relative one would be looked for in the project's folder, which is not to be trusted.
  if (!isAbsolute(file.path)) return without("which is not an absolute path");
  try {
    const { size, isFile } = await statOf(file.path);
    if (!isFile) return without("which is not a file");
    if (size > maxFileBytes) return without("which is far too large");
    const certificates = readCertificates(await readFile(file.path, "latin1"));
    return certificates.length === 0
      ? without("which holds no certificate in PEM form")
      : { ...file, certificates, problem: undefined };
  } catch (error) {
    const code = errnoOf(error) ?? "unknown cause";
    return without(code === "ENOENT" ? "which does not exist" : `which cannot be read (${code})`);
  }
}

async function statOf(path: string): Promise<{ size: number; isFile: boolean }> {
  const found = await stat(path); // opening a FIFO would wait for its writer
  return { size: found.size, isFile: found.isFile() };
}

/** The certificates among a PEM file's text and blocks; a broken one would spoil all the others. */
function readCertificates(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.filter((block) => {
    try {
      return new X509Certificate(block).raw.length > 0;
    } catch {
      return false;
    }
  });
}
