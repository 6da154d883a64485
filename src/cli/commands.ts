import type { Command } from "./command.ts";
import { alerts } from "./commands/alerts.ts";
import { breakersReset } from "./commands/breakers-reset.ts";
import { bridge } from "./commands/bridge.ts";
import { call } from "./commands/call.ts";
import { capabilities } from "./commands/capabilities.ts";
import { check } from "./commands/check.ts";
import { completion } from "./commands/completion.ts";
import { dev } from "./commands/dev.ts";
import { drain } from "./commands/drain.ts";
import { events } from "./commands/events.ts";
import { exportCommand } from "./commands/export.ts";
import { find } from "./commands/find.ts";
import { get } from "./commands/get.ts";
import { keysCreate } from "./commands/keys-create.ts";
import { keysList } from "./commands/keys-list.ts";
import { keysNew } from "./commands/keys-new.ts";
import { keysRevoke } from "./commands/keys-revoke.ts";
import { keysRotate } from "./commands/keys-rotate.ts";
import { list } from "./commands/list.ts";
import { priority } from "./commands/priority.ts";
import { ready } from "./commands/ready.ts";
import { register } from "./commands/register.ts";
import { restore } from "./commands/restore.ts";
import { resolve } from "./commands/resolve.ts";
import { selections } from "./commands/selections.ts";
import { services } from "./commands/services.ts";
import { stats } from "./commands/stats.ts";
import { subscriptions } from "./commands/subscriptions.ts";
import { subscriptionsAdd } from "./commands/subscriptions-add.ts";
import { subscriptionsRemove } from "./commands/subscriptions-remove.ts";
import { subscriptionsRotate } from "./commands/subscriptions-rotate.ts";
import { subscriptionsTest } from "./commands/subscriptions-test.ts";
import { sweep } from "./commands/sweep.ts";
import { toolsets } from "./commands/toolsets.ts";
import { toolsetsShow } from "./commands/toolsets-show.ts";
import { unregister } from "./commands/unregister.ts";
import { whoami } from "./commands/whoami.ts";

/** Every command, by the words that name it, in the order in which help shows them. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  stats,
  alerts,
  ready,
  list,
  get,
  find,
  capabilities,
  events,
  register,
  unregister,
  drain,
  services,
  resolve,
  selections,
  priority,
  check,
  "breakers reset": breakersReset,
  toolsets,
  "toolsets show": toolsetsShow,
  call,
  bridge,
  sweep,
  export: exportCommand,
  restore,
  whoami,
  "keys list": keysList,
  "keys create": keysCreate,
  "keys rotate": keysRotate,
  "keys revoke": keysRevoke,
  "keys new": keysNew,
  subscriptions,
  "subscriptions add": subscriptionsAdd,
  "subscriptions test": subscriptionsTest,
  "subscriptions rotate": subscriptionsRotate,
  "subscriptions remove": subscriptionsRemove,
  dev,
  completion,
};
