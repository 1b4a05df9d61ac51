// Whether somebody listens on a unix socket. Says nothing about who.
import { connect } from "node:net";

/** False only when the kernel says so; a full queue or a forbidden socket still has an owner. */
export function canConnect(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"));
  });
}
