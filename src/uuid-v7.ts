import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4096);
let used = pool.length;
let lastMillisecond = 0;
let counter = 0;

function takeRandom(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.subarray(used - bytes, used);
}

/**
 * RFC 9562 §5.7, with the 12 bits after the version as a counter (§6.2, method 1): ids made by one process sort
 * in the order they were made, also within a millisecond and after the clock was set back.
 */
export function uuidV7(): string {
  const now = Date.now();
  if (now > lastMillisecond) {
    lastMillisecond = now;
    // The upper bit starts clear, which leaves at least 2,048 ids before the counter runs over.
    counter = takeRandom(2).readUInt16BE() & 0x7ff;
  } else if (counter < 0xfff) {
    counter += 1;
  } else {
    lastMillisecond += 1;
    counter = takeRandom(2).readUInt16BE() & 0x7ff;
  }

  const time = lastMillisecond.toString(16).padStart(12, '0');
  const random = takeRandom(8);
  const variant = ((random.readUInt16BE(0) & 0x3fff) | 0x8000).toString(16);
  const sequence = (0x7000 | counter).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${sequence}-${variant}-${random.toString('hex', 2)}`;
}
