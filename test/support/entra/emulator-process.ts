import { type EmulatorOptions, startEntraEmulator } from './start-entra-emulator.ts';

// The emulator as a process of its own: options as JSON in the first argument, the addresses as one line of JSON on the
// output, everything else over the control API, until SIGTERM.

const [, , argument = '{}'] = process.argv;
// Ports and switches, from whoever starts it.
const options = JSON.parse(argument) as EmulatorOptions;
const { loginUrl, graphUrl, strangerUrl, controlUrl, certificate, stop } = await startEntraEmulator(options);
process.stdout.write(`${JSON.stringify({ loginUrl, graphUrl, strangerUrl, controlUrl, certificate })}\n`);
process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
