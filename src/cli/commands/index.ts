import type { Command } from "../command.ts";
import { doctor } from "./doctor.ts";
import { install } from "./install.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";
import { models } from "./models.ts";
import { query } from "./query.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";
import { uninstall } from "./uninstall.ts";

export const commands: readonly Command[] = [query, login, logout, status, models, doctor, install, uninstall, serve];
