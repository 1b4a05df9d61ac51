// Seals and opens secrets with AES-256-GCM. Where keys come from is secretKeys.ts's work, where sealed bytes go ConnectionStore.ts's.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AppError } from "../core/errors.ts";
import { sha256 } from "../core/ids.ts";

const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Where the keys are; asked once per process, on first use. `forSealing`: a missing key file may be made now. */
export type KeySource = (forSealing: boolean) => readonly Buffer[];

export class SecretBox {
  readonly #source: KeySource;
  #keys: ReadonlyMap<string, Buffer> | null = null;

  constructor({ keys }: { readonly keys: KeySource }) {
    this.#source = keys;
  }

  /**
   * @param place whose secret it is, such as workspace and name: sealed bytes moved to another place do not open
   * @returns key id, nonce, tag, ciphertext
   */
  seal(secret: string, place: readonly string[]): Buffer {
    const [newest] = this.#load(true);
    if (newest === undefined) throw new AppError("SECRET_KEY_MISSING", "there is no key to seal secrets with");
    const [keyId, key] = newest;
    // Random 96-bit nonces are safe up to 2^32 sealings per key; a store of connections makes a few.
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place));
    const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
    return Buffer.concat([Buffer.from(keyId, "hex"), nonce, cipher.getAuthTag(), sealed]);
  }

  /** @throws AppError `SECRET_KEY_MISSING` when the key is not among ours, or the bytes were changed or moved */
  open(sealed: Buffer, place: readonly string[]): string {
    const keyId = keyIdOf(sealed);
    const keys = new Map(this.#load(false));
    const key = keys.get(keyId);
    if (key === undefined) {
      const known = keys.size === 0 ? "no key is there" : `the keys there are ${[...keys.keys()].join(", ")}`;
      throw new AppError("SECRET_KEY_MISSING", `a stored secret was sealed with key ${keyId}, but ${known}`, {
        details: { expected: keyId },
      });
    }
    const body = sealed.subarray(KEY_ID_BYTES);
    try {
      const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(additionalData(place));
      decipher.setAuthTag(body.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString("utf8");
    } catch (cause) {
      const message = `a stored secret does not open with its key ${keyId}: it was changed, or belongs to another workspace or name`;
      throw new AppError("SECRET_KEY_MISSING", message, {
        cause,
        hint: "store the secret again with `neuronforge connections set NAME --from-env VAR`",
      });
    }
  }

  /** Whether its key is there. Makes none; whether the bytes are whole shows only when they are opened. */
  hasKeyOf(sealed: Buffer): boolean {
    return this.#load(false).some(([keyId]) => keyId === keyIdOf(sealed));
  }

  /** False once a newer key is there: time to seal it again. */
  isNewest(sealed: Buffer): boolean {
    return this.#load(true)[0]?.[0] === keyIdOf(sealed);
  }

  #load(forSealing: boolean): readonly (readonly [string, Buffer])[] {
    // An empty answer is not kept: the first sealing may make the key later.
    if (this.#keys === null || this.#keys.size === 0) {
      this.#keys = new Map(this.#source(forSealing).map((key) => [sha256(key).subarray(0, KEY_ID_BYTES).toString("hex"), key]));
    }
    return [...this.#keys];
  }
}

function keyIdOf(sealed: Buffer): string {
  return sealed.subarray(0, KEY_ID_BYTES).toString("hex");
}

/** As JSON, so that no two places read alike: ["a","bc"] is not ["ab","c"]. */
function additionalData(place: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(place), "utf8");
}
