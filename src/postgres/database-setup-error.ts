/** The database cannot be used as it is. The message is one line that says what to do; it never holds a secret. */
export class DatabaseSetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DatabaseSetupError';
  }
}
