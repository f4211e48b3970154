import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { makeWaitingClients } from '../../src/http/waiting-clients.ts';

/** Far longer than a test may take: whoever waits for it has not been let go. */
const forEver = 1e6;

describe('work in the background gives way to clients', () => {
  it('at once, but after a turn of the event loop, when no client waits', async () => {
    const { giveWay } = makeWaitingClients({ atMostMs: forEver });
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await giveWay();
    assert.equal(turned, true);
  });

  it('until the last of them has its answer', async () => {
    const { enter, giveWay } = makeWaitingClients({ atMostMs: forEver });
    const [first, second] = [new EventEmitter(), new EventEmitter()];
    enter(first);
    enter(second);
    let goesOn = false;
    const both = Promise.all([giveWay(), giveWay()]).then(() => {
      goesOn = true;
    });
    first.emit('close');
    await new Promise(setImmediate);
    assert.equal(goesOn, false);
    second.emit('close');
    await both;
  });

  it('for a short while only, when there always is one', async () => {
    const { enter, giveWay } = makeWaitingClients({ atMostMs: 5 });
    enter(new EventEmitter());
    await giveWay();
    await giveWay();
  });

  it('takes them for quiet when none waits and none has come for two seconds', async () => {
    let now = 1_000;
    const { enter, areQuiet, shared } = makeWaitingClients({ seconds: () => now, lookAgainMs: 1 });
    const inThread = makeWaitingClients({ shared, seconds: () => now, lookAgainMs: 1 });
    assert.equal(await areQuiet(), true, 'nobody has come yet');
    const answer = new EventEmitter();
    enter(answer);
    now += 60;
    assert.equal(await inThread.areQuiet(), false, 'one waits, however long');
    answer.emit('close');
    assert.equal(await inThread.areQuiet(), true);
    enter(answer);
    answer.emit('close');
    now += 2;
    assert.equal(await inThread.areQuiet(), false, 'one has just been there');
    now += 1;
    assert.equal(await inThread.areQuiet(), true);
  });

  it('takes a while to say that they are not quiet, so that it may be asked again at once', async () => {
    const { enter, areQuiet } = makeWaitingClients({ lookAgainMs: 30 });
    enter(new EventEmitter());
    const started = performance.now();
    assert.equal(await areQuiet(), false);
    assert.ok(performance.now() - started >= 25);
  });
});
