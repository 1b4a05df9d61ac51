// The plugins that come with the product, wired to the operator's folders and addresses.
import { join, resolve } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DEFAULT_WORKSPACE_ID, type WorkspaceId } from "../core/ids.ts";
import { csvPlugin } from "./builtin/csv.ts";
import { createEmailPlugin } from "./builtin/email.ts";
import { filesPlugin } from "./builtin/files.ts";
import { createHttpPlugin, type HttpPluginOptions } from "./builtin/http.ts";
import { jsonPlugin } from "./builtin/json.ts";
import { createOutboxPlugin } from "./builtin/outbox.ts";
import { FileJail } from "./files/FileJail.ts";
import type { FileServices, Plugin } from "./types.ts";

export interface BuiltinOptions {
  /** Folder of the outbox plugin's messages. */
  readonly outboxFolder: string;
  readonly clock: Clock;
  readonly http?: HttpPluginOptions;
  /** Private, loopback and link-local hosts that may be mail servers. @defaultValue none */
  readonly allowedPrivateHosts?: readonly string[];
}

export function createBuiltinPlugins({ outboxFolder, clock, http, allowedPrivateHosts = [] }: BuiltinOptions): readonly Plugin[] {
  return [
    filesPlugin,
    createHttpPlugin(http),
    csvPlugin,
    jsonPlugin,
    createOutboxPlugin(createWorkspaceFolders(outboxFolder, clock)),
    createEmailPlugin({ allowedPrivateHosts }),
  ];
}

/**
 * The jail of each workspace below one folder: the default workspace has the folder itself, every other one
 * `<folder>.workspaces/<id>` beside it, where no path of the default workspace can lead.
 */
export function createWorkspaceFolders(folder: string, clock: Clock): (workspaceId: WorkspaceId) => FileServices {
  // Resolved: beside "." or "files/" there would be no beside.
  const base = resolve(folder);
  const jails = new Map<WorkspaceId, FileJail>();
  return (workspaceId) => {
    const present = jails.get(workspaceId);
    if (present !== undefined) return present;
    const root = workspaceId === DEFAULT_WORKSPACE_ID ? base : join(`${base}.workspaces`, workspaceId);
    const jail = new FileJail({ root, clock });
    jails.set(workspaceId, jail);
    return jail;
  };
}
