// Runs under Wine and starts programs there: Windows' Node cannot use the pipes of the system outside, and Wine's own
// are good. Each connection is one program. The first line says what to start; then each line is one event.
"use strict";
const { spawn } = require("node:child_process");
const { connect, createServer } = require("node:net");
const { createInterface } = require("node:readline");

const server = createServer((socket) => {
  const tell = (event) => socket.writable && socket.write(`${JSON.stringify(event)}\n`);
  let child;
  const start = ({ command = process.execPath, args, env, cwd }) => {
    child = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: "pipe" });
    tell({ pid: child.pid });
    for (const name of ["stdout", "stderr"]) {
      child[name].on("data", (bytes) => tell({ stream: name, bytes: bytes.toString("base64") }));
    }
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => tell({ failure: error.message }));
    child.on("close", (code, signal) => {
      tell({ closed: { code, signal } });
      socket.end();
    });
  };
  const obey = ({ bytes, end, kill, hangUp }) => {
    if (bytes !== undefined) child.stdin.write(Buffer.from(bytes, "base64"));
    if (end) child.stdin.end();
    if (kill) child.kill();
    if (hangUp) child[hangUp].destroy();
  };
  createInterface({ input: socket }).on("line", (line) => {
    const message = JSON.parse(line);
    if (child === undefined) start(message);
    else obey(message);
  });
  // The test has gone.
  socket.on("error", () => undefined).on("close", () => child?.kill());
});

// The suite's own connection: it learns the port, and its end ends this process.
const [, , suite] = process.argv;
const home = connect(Number(suite), "127.0.0.1", () => {
  server.listen(0, "127.0.0.1", () => home.write(`${server.address().port}\n`));
});
home.on("error", () => process.exit(1)).on("close", () => process.exit(0));
home.resume();
