import { type Answer, type IncomingCall, jsonAnswer } from './answer.ts';
import { COMMANDS } from './control-commands.ts';
import type { EntraEmulatorCore } from './entra-emulator-core.ts';

const PREFIX = '/_control/';

export function isControlCall({ path }: IncomingCall): boolean {
  return path.startsWith(PREFIX);
}

/** `POST /_control/{command}` with a JSON object, for those who run the emulator as another process. */
export async function answerControl(core: EntraEmulatorCore, call: IncomingCall): Promise<Answer> {
  const name = call.path.slice(PREFIX.length);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    return jsonAnswer(404, { error: `There is no command ${name}.`, commands: Object.keys(COMMANDS) });
  if (call.method !== 'POST')
    return jsonAnswer(405, { error: 'Commands are sent by POST.' }, { allow: 'POST' });
  try {
    const input: unknown = call.body === '' ? {} : JSON.parse(call.body);
    return jsonAnswer(200, (await command(core, input)) ?? {});
  } catch (error) {
    return jsonAnswer(400, { error: error instanceof Error ? error.message : String(error) });
  }
}
