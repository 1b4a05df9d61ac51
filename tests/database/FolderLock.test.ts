import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acquireFolderLock, findFolderOwner, type FolderLock } from "../../lib/db/FolderLock.ts";

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nf-lock-"));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

async function own(path: string = folder): Promise<FolderLock> {
  const lock = await acquireFolderLock(path);
  if (!lock.acquired) throw new Error(`not acquired: ${lock.socketPath} answers`);
  return lock;
}

interface Answer {
  readonly acquired: boolean;
  readonly socketPath: string;
}

interface Contender {
  readonly child: ChildProcess;
  readonly contend: (path: string) => Promise<Answer>;
}

/** A process that tries to own the folder when told to, and then keeps what it got. */
async function startContender(temporaryFolder: string = tmpdir()): Promise<Contender> {
  const script = fileURLToPath(new URL("lockContender.ts", import.meta.url));
  const child = fork(script, { env: { ...process.env, TMPDIR: temporaryFolder } });
  children.push(child);
  await once(child, "message");
  return {
    child,
    contend: async (path) => {
      child.send(path);
      const [answer] = (await once(child, "message")) as [Answer];
      return answer;
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

describe("acquireFolderLock", () => {
  it("makes the folder and a socket in it that only this user may use", async () => {
    const path = join(folder, "data");

    const lock = await own(path);

    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(lock.socketPath)).mode & 0o777).toBe(0o600);
    expect(await readdir(path)).toEqual(["lock.1"]);
    await lock.release();
  });

  it("tells a second one where the owner listens", async () => {
    const lock = await own();

    expect(await acquireFolderLock(folder)).toEqual({ acquired: false, socketPath: lock.socketPath });
    expect(await findFolderOwner(folder)).toBe(lock.socketPath);

    await lock.release();
  });

  it("is free again after release, with nothing left in the folder", async () => {
    await (await own()).release();

    expect(await readdir(folder)).toEqual([]);
    expect(await findFolderOwner(folder)).toBeUndefined();
    await (await own()).release();
  });

  it("hands over connections, also those that came before the handler", async () => {
    const lock = await own();
    const early = connect(lock.socketPath);
    await once(early, "connect");

    lock.server.onConnection((socket) => socket.end("served"));
    const late = connect(lock.socketPath);

    expect(await Promise.all([text(early), text(late)])).toEqual(["served", "served"]);
    await lock.release();
  });

  it("lets exactly one of many starters in one process win", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => acquireFolderLock(folder)));

    const owners = answers.filter((answer) => answer.acquired);
    expect(owners).toHaveLength(1);
    expect(new Set(answers.map(({ socketPath }) => socketPath))).toEqual(new Set([owners[0]?.socketPath]));
    await owners[0]?.release();
  });

  it("takes over at once from an owner that was killed", async () => {
    const { child, contend } = await startContender();
    const first = await contend(folder);
    expect(first.acquired).toBe(true);
    expect(await acquireFolderLock(folder)).toEqual({ acquired: false, socketPath: first.socketPath });
    await kill(child);

    const lock = await own();

    expect(await readdir(folder)).toEqual(["lock.2"]);
    await lock.release();
  });

  it("keeps a folder whose owner is stopped but not dead", async () => {
    const { child, contend } = await startContender();
    const first = await contend(folder);
    child.kill("SIGSTOP");

    expect(await acquireFolderLock(folder)).toEqual({ acquired: false, socketPath: first.socketPath });
  });

  it("lets exactly one of four processes take over from a killed owner, ten times in a row", async () => {
    const contenders = await Promise.all([1, 2, 3, 4].map(() => startContender()));
    for (let round = 0; round < 10; round += 1) {
      const path = join(folder, String(round));
      const victim = await startContender();
      expect((await victim.contend(path)).acquired).toBe(true);
      await kill(victim.child);

      const answers = await Promise.all(contenders.map(({ contend }) => contend(path)));

      expect(answers.filter(({ acquired }) => acquired)).toHaveLength(1);
      expect(new Set(answers.map(({ socketPath }) => socketPath)).size).toBe(1);
    }
  });

  it("removes what a candidate left that was killed before it won", async () => {
    const { child, contend } = await startContender();
    const { socketPath } = await contend(folder);
    await kill(child);
    await rename(socketPath, join(folder, "new.00000000"));

    const lock = await own();

    expect(await readdir(folder)).toEqual(["lock.1"]);
    await lock.release();
  });

  it("uses one lock for a folder and a symbolic link to it", async () => {
    const lock = await own();
    const alias = join(folder, "alias");
    await symlink(folder, alias);

    expect((await acquireFolderLock(alias)).acquired).toBe(false);

    await lock.release();
  });

  it("puts the socket into a short private folder when the path is too long for one, whatever TMPDIR says", async () => {
    const long = join(folder, "a-long-name".repeat(9));
    await mkdir(long);
    const lock = await own(long);
    const short = join(lock.socketPath, "..");
    const { contend } = await startContender(folder);

    expect(Buffer.byteLength(lock.socketPath)).toBeLessThan(100);
    expect((await stat(short)).mode & 0o777).toBe(0o700);
    expect(await contend(long)).toEqual({ acquired: false, socketPath: lock.socketPath });

    await lock.release();
    await rm(short, { recursive: true });
  });
});
