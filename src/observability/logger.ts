import pino, { type DestinationStream, type Logger } from 'pino';
import { redact, redactText } from './redact.ts';

export type { Logger };

/** JSON lines on standard output, or on `destination`. Secrets are taken out of fields, errors and messages. */
export function makeLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: redact },
    serializers: {
      // `formatters.log` has made a plain object of it; pino's own serializer would look for an Error.
      err: (error: unknown) => error,
      msg: (message: unknown) => (typeof message === 'string' ? redactText(message) : message),
    },
  };
  const logger = destination ? pino(options, destination) : pino(options);

  // pino formats the bindings of the first logger only, so those of children are cleaned on the way in.
  const makeChild = logger.child;
  logger.child = function child(this: Logger, bindings: object, ...rest: unknown[]) {
    return Reflect.apply(makeChild, this, [redact(bindings), ...rest]);
  };
  return logger;
}
