/**
 * A result whose last statements are on their way. The unit of work sends its commit behind them without waiting in
 * between, and the result counts only when all of them have succeeded.
 */
export class Finishing<Result> {
  readonly result: Result;
  readonly pending: Promise<unknown>;

  constructor(result: Result, pending: Promise<unknown>) {
    this.result = result;
    this.pending = pending;
  }
}
