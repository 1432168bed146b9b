import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP connection that writes what no client library would, and keeps what comes back. */
export interface RawConnection {
  socket: Socket;
  write: (bytes: string | Uint8Array) => void;
  /** Resolves when the text has arrived; rejects when the connection ends without it. */
  until: (text: string) => Promise<void>;
  /** Everything that was received, once the other side has closed or broken the connection. */
  ended: Promise<string>;
}

export async function openConnection(port: number, host = "127.0.0.1"): Promise<RawConnection> {
  const socket = connect({ port, host });
  onTestFinished(() => {
    socket.destroy();
  });
  let received = "";
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject).once("connect", resolve);
  });
  socket.on("error", () => undefined); // broken off by the server: `ended` tells what had come
  const ended = new Promise<string>((resolve) => {
    socket.once("close", () => {
      resolve(received);
    });
  });
  return {
    socket,
    ended,
    write: (bytes) => socket.write(bytes),
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (received.includes(text)) resolve();
        };
        socket.on("data", look);
        void ended.then(() => {
          reject(new Error(`the connection ended without ${text}`));
        });
        look();
      }),
  };
}

export interface RawAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
  /** Head and body as received. */
  text: string;
}

export interface RawRequest {
  method?: string;
  host?: "127.0.0.1" | "::1";
  /** Lines of the head after the request line. Default: the Host header of a browser. */
  headers?: readonly string[];
  body?: string;
}

/** One request, spelt as given, and its answer up to the end of the connection. */
export async function sendRaw(port: number, target: string, request: RawRequest = {}): Promise<RawAnswer> {
  const connection = await openConnection(port, request.host);
  const headers = request.headers ?? [`Host: localhost:${port}`];
  const head = [`${request.method ?? "GET"} ${target} HTTP/1.1`, ...headers, "", ""].join("\r\n");
  connection.write(head + (request.body ?? ""));
  return parseAnswer(await connection.ended);
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body: text.slice(end + 4), text };
}

/** The system's code for a connection that is not accepted, or undefined when it is. */
export async function connectionRefusal(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code);
    });
  });
}
