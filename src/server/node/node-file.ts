import { close, constants, open, read } from "node:fs";
import { type FilePart, pieceSize } from "../../http/response/file-part";
import type { Exchange } from "./exchange";

/** The most pieces of memory that are kept: 4 MB. */
const maxPieces = 16;

/** A part of a file to send, with the functions of the reply that it is for. */
export interface PartReply {
  /** The request and its reply. */
  readonly exchange: Exchange;
  /** Writes the head: the file is open. */
  writeHead(): void;
  /** Ends the reply with its last piece. */
  end(piece: Uint8Array | null, onEnd?: () => void): void;
  /** Gets the error of a file that cannot be opened or read. */
  fail(error: unknown): void;
}

/**
 * Sends parts of files as fast as clients read them, piece by piece through the same memory.
 *
 * Memory that no file is read into is kept: allocating memory for a piece costs more than reading and sending it.
 */
export class FileSender {
  readonly #freePieces: Buffer[] = [];

  /** Sends a part. No code of the app runs meanwhile, so the context is left. */
  send(part: FilePart, target: PartReply): void {
    if (part.byteLength === 0) {
      target.writeHead();
      target.end(null);
      return;
    }
    open(part.path, constants.O_RDONLY | constants.O_NONBLOCK, (error, fd) => {
      if (error !== null) {
        target.fail(error);
      } else if (target.exchange.hasLeft) {
        closeFile(fd);
      } else {
        target.writeHead();
        this.#sendFrom(fd, part, target);
      }
    });
  }

  #sendFrom(fd: number, { byteLength, path, start }: FilePart, { end: endReply, exchange, fail }: PartReply): void {
    const { reply } = exchange;
    const piece = this.#freePieces.pop() ?? Buffer.allocUnsafeSlow(pieceSize);
    const end = start + byteLength;
    let isReading = false;
    let isOver = false;
    const readFrom = (position: number): void => {
      isReading = true;
      read(fd, piece, 0, Math.min(pieceSize, end - position), position, (error, count) => {
        isReading = false;
        if (isOver) {
          closeFile(fd);
        } else if (error !== null || count === 0) {
          fail(error ?? new Error(`The file '${path}' became shorter while it was sent.`));
        } else if (position + count < end) {
          reply.write(piece.subarray(0, count), (failure) => {
            // The system may still read from the memory of a piece whose write failed, so it is not used again.
            if ((failure === null || failure === undefined) && !isOver && !exchange.hasLeft) {
              readFrom(position + count);
            }
          });
        } else {
          endReply(piece.subarray(0, count), () => {
            if (this.#freePieces.length < maxPieces) {
              this.#freePieces.push(piece);
            }
          });
        }
      });
    };
    exchange.onEnd(() => {
      isOver = true;
      // A file is closed after the read that is running.
      if (!isReading) {
        closeFile(fd);
      }
    });
    readFrom(start);
  }
}

function closeFile(fd: number): void {
  close(fd, () => undefined);
}
