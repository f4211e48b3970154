import { createHash } from 'node:crypto';

/** A short text that stands for everything that was added. */
export function startFingerprint() {
  const hash = createHash('sha256');
  return {
    add: (text: string): void => {
      hash.update(text, 'utf8');
    },
    end: (): string => hash.digest('base64url'),
  };
}
