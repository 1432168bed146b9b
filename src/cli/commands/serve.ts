import { UsageError, type Command } from "../command.ts";

/** Only for the help: `main.ts` starts the server itself, so that it loads nothing of the command line. */
export const serve: Command = {
  name: "serve",
  summary: "Serve MCP on stdin and stdout; what a host starts",
  usage: "",
  options: {},
  notes: ["Without a command it does so, too, when stdin is no terminal."],
  needs: [],
  run() {
    return Promise.reject(new UsageError("serve takes nothing"));
  },
};
