// A process of FolderLock.test.ts: tries to own each folder it is told and keeps what it got until it is killed.
import { acquireFolderLock } from "../../lib/db/FolderLock.ts";

process.on("message", (folder: string) => {
  void acquireFolderLock(folder).then(({ acquired, socketPath }) => process.send?.({ acquired, socketPath }));
});
process.send?.("ready");
