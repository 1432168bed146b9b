#!/usr/bin/env node
// What hosts start and people call. All of it is in start.cjs: a second ES module would cost every start
// a millisecond or two more than a CommonJS one.
import { createRequire } from "node:module";

createRequire(import.meta.url)("./start.cjs");
