/** Reads responses one after another, and says where they are out of step. */
export function readResponses(bytes) {
  const text = bytes.toString("latin1");
  const responses = [];
  let place = 0;
  while (place < text.length) {
    const end = text.indexOf("\r\n\r\n", place);
    const line = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/.exec(text.slice(place, place + 200));
    if (line === null) {
      return { responses, problem: `no status line at ${place}: ${JSON.stringify(text.slice(place, place + 60))}` };
    }
    if (end < 0) {
      return { responses, problem: undefined };
    }
    const head = text.slice(place, end).toLowerCase();
    const status = Number(line[1]);
    place = end + 4;
    if (status === 100) {
      continue;
    }
    const number = /\r\nx-number: (\d+)/.exec(head)?.[1];
    const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
    const start = place;
    if (length !== undefined) {
      place += Number(length);
    } else if (/\r\ntransfer-encoding: chunked/.test(head)) {
      for (;;) {
        const size = /^([\da-f]+)\r\n/.exec(text.slice(place, place + 12));
        if (size === null) {
          return { responses, problem: place >= text.length - 12 ? undefined : `no chunk at ${place}` };
        }
        place += size[0].length + Number.parseInt(size[1], 16) + 2;
        if (size[1] === "0") {
          break;
        }
      }
    } else if (status !== 204 && status !== 304) {
      place = text.length;
    }
    responses.push({ status, number: number === undefined ? undefined : Number(number), body: text.slice(start, place) });
  }
  return { responses, problem: undefined };
}
