import { createServer } from 'node:net';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into the server under measurement by `--import`: whoever connects to the socket that `EVENT_LOOP_PROBE` names is
 * told the longest time that the event loop worked without a turn since the last call, in milliseconds of the thread's own
 * CPU time: a busy machine that gives the time to others does not count.
 */
const path = process.env['EVENT_LOOP_PROBE'];
if (path !== undefined && isMainThread) {
  const busy = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = busy();
  let longest = 0;
  setInterval(() => {
    const now = busy();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1).unref();
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(longest));
    longest = 0;
  })
    .listen(path)
    .unref();
}
