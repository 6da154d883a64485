import type { Command } from "./command.ts";
import { bridge } from "./commands/bridge.ts";
import { call } from "./commands/call.ts";
import { dev } from "./commands/dev.ts";
import { drain } from "./commands/drain.ts";
import { events } from "./commands/events.ts";
import { find } from "./commands/find.ts";
import { keysNew } from "./commands/keys-new.ts";
import { list } from "./commands/list.ts";
import { register } from "./commands/register.ts";
import { resolve } from "./commands/resolve.ts";
import { services } from "./commands/services.ts";
import { stats } from "./commands/stats.ts";
import { sweep } from "./commands/sweep.ts";
import { toolsets } from "./commands/toolsets.ts";

/** Every command, by the words that name it, in the order in which help shows them. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  stats,
  list,
  find,
  register,
  resolve,
  services,
  toolsets,
  call,
  bridge,
  events,
  sweep,
  drain,
  "keys new": keysNew,
  dev,
};
