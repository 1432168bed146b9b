import { createServer } from "node:net";
import { errnoOf } from "./fs-errors.ts";

/** "reserved": nobody listens, and still the system gives the port to nobody. */
export type PortState = "free" | "held" | "reserved";

/**
 * Whether a sign-in could listen on the port now: on both loopback families, as the browser may
 * come to either. What was bound for the look is closed again. Never fails.
 */
export async function probePort(port: number): Promise<PortState> {
  const [v4, v6] = [await tryBind(port, "127.0.0.1"), await tryBind(port, "::1")];
  return [v4, v6].find((state) => state !== "free") ?? "free";
}

function tryBind(port: number, host: string): Promise<PortState> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error) => {
      const code = errnoOf(error) ?? "";
      // A machine without the family is none where somebody else could be listening.
      if (["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(code)) resolve("free");
      else resolve(code === "EACCES" ? "reserved" : "held");
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve("free");
      });
    });
  });
}
