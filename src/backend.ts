import { createApp, type App } from "./app.ts";
import type { Limits } from "./core/limits.ts";
import { systemWorld } from "./system-world.ts";
import { createToolbox, type Toolbox } from "./tools/toolbox.ts";

export interface Backend {
  app: App;
  toolbox: Toolbox;
}

/** All that stands behind the protocol: the program as composed for this process, and its tools. */
export function openBackend(limits: Limits): Backend {
  const app = createApp(systemWorld(limits));
  return { app, toolbox: createToolbox(app.services, app.log) };
}
