// Reads an HTTP body up to a limit, decoding it on the way. The limit counts decoded bytes, so a compressed bomb stops early.
import { type Readable, pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { AppError } from "./errors.ts";

export interface BodyLimits {
  readonly maxBytes: number;
  /** The `content-encoding` header; empty = as it is. */
  readonly encoding: string;
  /** For messages. */
  readonly url: string;
}

/** @throws AppError `OUTPUT_TOO_LARGE`, `UPSTREAM_REJECTED` for an unknown or broken encoding */
export async function readBoundedBody(body: Readable, { maxBytes, encoding, url }: BodyLimits): Promise<Buffer> {
  const stream = decode(body, encoding, url);
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      total += chunk.byteLength;
      if (total > maxBytes) {
        throw new AppError("OUTPUT_TOO_LARGE", `${url}: the answer is larger than ${maxBytes} bytes; reading stopped at ${total}`, {
          details: { expected: `at most ${maxBytes} bytes`, got: `at least ${total} bytes` },
        });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    body.destroy();
    if (error instanceof Error && "code" in error && /^(?:Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING)/.test(String(error.code))) {
      throw new AppError("UPSTREAM_REJECTED", `${url}: the answer's ${encoding} encoding is broken: ${error.message}`, { cause: error });
    }
    throw error;
  }
  return Buffer.concat(chunks, total);
}

function decode(body: Readable, encoding: string, url: string): Readable {
  const names = encoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  let stream = body;
  // The last encoding named was applied last, so it comes off first.
  for (const name of names.reverse()) {
    if (name === "" || name === "identity") continue;
    const decoder = decoderFor(name);
    if (decoder === undefined) {
      body.destroy();
      throw new AppError("UPSTREAM_REJECTED", `${url}: the answer's content-encoding "${name}" is unknown`, {
        details: { expected: "gzip | deflate | br", got: name },
      });
    }
    // Errors of either side reach the reader through the destroyed decoder.
    stream = pipeline(stream, decoder, () => undefined);
  }
  return stream;
}

function decoderFor(name: string): (NodeJS.ReadWriteStream & Readable) | undefined {
  if (name === "gzip" || name === "x-gzip") return createGunzip();
  if (name === "deflate") return createInflate();
  if (name === "br") return createBrotliDecompress();
  return undefined;
}
