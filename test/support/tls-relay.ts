import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { onTestFinished } from "vitest";
import type { Home } from "./home.ts";

/** Made for these tests and used nowhere else; valid for 127.0.0.1 until the year 2126. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmFCNou3ed0omPfe9
HlhJYU41N009ZWd8hKpy8pY/jmGhRANCAAQW0sU/ixkAk3sEXeOm9FVycGe4eO5H
iPDyt15FUSv1a03JCdYU721YdVSPAynAUDtNvCA+58jZWDXZgnJNTa8h
-----END PRIVATE KEY-----
`;
const certificate = `-----BEGIN CERTIFICATE-----
MIIBsTCCAVigAwIBAgIUavSYcqIlJWmpwaqafYIpfefwcgwwCgYIKoZIzj0EAwIw
JTEjMCEGA1UEAwwaY29kZXgtb2F1dGggdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIx
MDEwMTAyWhgPMjEyNjEwMjgwMTAxMDJaMCUxIzAhBgNVBAMMGmNvZGV4LW9hdXRo
IHRlc3QgYXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFtLFP4sZ
AJN7BF3jpvRVcnBnuHjuR4jw8rdeRVEr9WtNyQnWFO9tWHVUjwMpwFA7TbwgPufI
2Vg12YJyTU2vIaNkMGIwHQYDVR0OBBYEFEtrsiHq7RAQiG39jaXmVT7MlFp0MB8G
A1UdIwQYMBaAFEtrsiHq7RAQiG39jaXmVT7MlFp0MA8GA1UdEwEB/wQFMAMBAf8w
DwYDVR0RBAgwBocEfwAAATAKBggqhkjOPQQDAgNHADBEAiAtPlUz38p/yaRZzPVK
atHjbDwQzNF8A7EcylD5fba6gAIgNl5WU3HbPRpcgfsfo3tq72HaIyj1h+UhFUWF
ZnMKrUw=
-----END CERTIFICATE-----
`;

export interface TlsRelay {
  /** https://127.0.0.1:PORT */
  origin: string;
  /** A file with the authority that signed its certificate. */
  caFile: string;
}

/** TLS in front of a plain origin, with a certificate that nobody trusts by itself. */
export async function tlsRelay(target: string, home: Home): Promise<TlsRelay> {
  const { hostname, port: targetPort } = new URL(target);
  const server = createServer({ key, cert: certificate }, (socket) => {
    const plain = connect(Number(targetPort), hostname);
    for (const one of [socket, plain]) {
      one.on("error", () => {
        socket.destroy();
        plain.destroy();
      });
    }
    socket.pipe(plain).pipe(socket);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const caFile = join(home.path, "authority.pem");
  writeFileSync(caFile, certificate);
  const { port } = server.address() as AddressInfo;
  return { origin: `https://127.0.0.1:${port}`, caFile };
}
