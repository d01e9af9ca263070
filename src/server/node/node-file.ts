import { close, open, read } from "node:fs";
import { ServerResponse } from "node:http";
import { reportFailure } from "../../dispatch/body-stream";
import type { RequestContext } from "../../dispatch/context";
import { type FilePart, pieceSize } from "../../http/response/file-part";

/** How many pieces of memory are kept for later, at most: 4 MB. */
const mostPieces = 16;
/** Memory that no file is read into just now: to take it anew for each piece costs more than to read and send the piece. */
const freePieces: Buffer[] = [];

/** Tells whether a response is written by Node alone: what middleware puts in between may keep what it is given, or call nobody back. */
export function isPlainReply(reply: ServerResponse): boolean {
  return reply.write === ServerResponse.prototype.write && reply.end === ServerResponse.prototype.end;
}

/**
 * Writes a part of a file as fast as the client reads it, piece by piece through the same memory.
 *
 * None of the app's code runs meanwhile, so that no context is to be kept.
 */
export function sendPart(context: RequestContext, part: FilePart, reply: ServerResponse): void {
  const fail = (error: unknown): void => {
    reportFailure(context, error);
    reply.destroy();
  };
  if (part.byteLength === 0) {
    reply.end();
    return;
  }
  open(part.path, "r", (error, fd) => {
    if (error !== null) {
      fail(error);
    } else if (reply.destroyed) {
      letGo(fd);
    } else {
      sendFrom(fd, part, reply, fail);
    }
  });
}

function sendFrom(fd: number, { byteLength, path, start }: FilePart, reply: ServerResponse, fail: (error: unknown) => void): void {
  const piece = freePieces.pop() ?? Buffer.allocUnsafeSlow(pieceSize);
  const end = start + byteLength;
  let isReading = false;
  const readFrom = (position: number): void => {
    isReading = true;
    read(fd, piece, 0, Math.min(pieceSize, end - position), position, (error, count) => {
      isReading = false;
      if (reply.destroyed) {
        letGo(fd);
      } else if (error !== null || count === 0) {
        fail(error ?? new Error(`The file '${path}' became shorter while it was sent.`));
      } else if (position + count < end) {
        reply.write(piece.subarray(0, count), (failure) => {
          // A piece that could not be written may still be in the system's hands, so that it is let go.
          if ((failure === null || failure === undefined) && !reply.destroyed) {
            readFrom(position + count);
          }
        });
      } else {
        reply.end(piece.subarray(0, count), () => {
          if (freePieces.length < mostPieces) {
            freePieces.push(piece);
          }
        });
      }
    });
  };
  reply.once("close", () => {
    // One that is being read from is closed after that.
    if (!isReading) {
      letGo(fd);
    }
  });
  readFrom(start);
}

function letGo(fd: number): void {
  close(fd, () => undefined);
}
