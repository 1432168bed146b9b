import { runServer } from "./run.ts";

void runServer();
