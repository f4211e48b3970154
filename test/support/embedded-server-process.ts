import { startEmbeddedServer } from '../../src/postgres/embedded-server.ts';

// A server process that tests may kill: starts the embedded database on the given directory, says so on its output,
// and stops it when it is told to by its input or by SIGTERM.

const [, , dataDir] = process.argv;
if (dataDir === undefined) throw new TypeError('usage: embedded-server-process <data directory>');

// As the real server does: the first Ctrl-C starts a drain, which still needs the database.
process.on('SIGINT', () => report('interrupted'));
const server = await startEmbeddedServer({ dataDir });
report('ready', server.url);
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
process.stdin.on('data', (command: Buffer) => {
  if (command.toString() === 'exit') process.exit(1);
});

function report(event: string, url?: string): void {
  process.stdout.write(`${JSON.stringify({ event, url })}\n`);
}
