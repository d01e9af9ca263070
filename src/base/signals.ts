import { type Channel, channel } from "node:diagnostics_channel";

/**
 * The channels of `node:diagnostics_channel` for the events of a request.
 *
 * Each message is an object with the `app` and the subject of the channel. A channel without subscribers costs nothing: no message is
 * made for it.
 */
export const signals: {
  readonly requestStarted: Channel;
  readonly requestFinished: Channel;
  readonly requestTearingDown: Channel;
  readonly templateRendering: Channel;
  readonly templateRendered: Channel;
  readonly messageFlashed: Channel;
  readonly exception: Channel;
  readonly query: Channel;
  readonly logged: Channel;
} = {
  requestStarted: channel("flagon:request.started"),
  requestFinished: channel("flagon:request.finished"),
  requestTearingDown: channel("flagon:request.tearing-down"),
  templateRendering: channel("flagon:template.rendering"),
  templateRendered: channel("flagon:template.rendered"),
  messageFlashed: channel("flagon:message.flashed"),
  exception: channel("flagon:exception"),
  query: channel("flagon:query"),
  logged: channel("flagon:logged"),
};
