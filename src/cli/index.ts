import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";
import { models } from "./models.ts";
import { query } from "./query.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";

export const commands: readonly Command[] = [query, login, logout, status, models, doctor, serve];
