// The entry of a worker process, like the command line's own: what it imports comes from the compile cache.
import { enableCompileCache, flushCompileCache } from "node:module";

enableCompileCache();

await import("./stepWorker.ts");
// It ends by kill -9 and would leave nothing for the next one; a command line that ended once has left it.
flushCompileCache();
