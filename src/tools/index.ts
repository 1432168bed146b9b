import { codexClear } from "./codex-clear.ts";
import { codexLogin } from "./codex-login.ts";
import { codexModels } from "./codex-models.ts";
import { codexQuery } from "./codex-query.ts";
import { codexStatus } from "./codex-status.ts";
import type { Tool } from "./tool.ts";

export const tools: readonly Tool[] = [
  codexQuery,
  codexStatus,
  codexLogin,
  codexClear,
  codexModels,
];
