import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseInSteps } from '../../src/http/large-json.ts';

const parse = (text: string): unknown => JSON.parse(text);

async function read(text: string, stepBytes: number): Promise<unknown> {
  const result = await parseInSteps(Buffer.from(text), { parse, stepBytes, maxDepth: 32 });
  return result.kind === 'read' ? result.value : result.kind;
}

const outcomeOf = async (parse: () => unknown): Promise<unknown> => {
  try {
    return { value: await parse() };
  } catch (error) {
    return error instanceof SyntaxError ? 'refused' : error;
  }
};
const assertSame = async (text: string, stepBytes: number): Promise<void> => {
  const expected = await outcomeOf(() => JSON.parse(text));
  assert.deepEqual(await outcomeOf(() => read(text, stepBytes)), expected, text);
};

describe('JSON read in steps', () => {
  it('is what JSON.parse makes of it, wherever it is cut', async () => {
    const json = fc.json({ maxDepth: 4 });
    await fc.assert(
      fc.asyncProperty(
        json,
        fc.integer({ min: 0, max: 40 }),
        fc.nat({ max: 3 }),
        async (text, step, indent) => assertSame(JSON.stringify(JSON.parse(text), null, indent), step),
      ),
      { numRuns: 500 },
    );
  });

  it('is refused where JSON.parse refuses it, whatever is damaged', async () => {
    const json = fc.json({ maxDepth: 4 });
    const damage = fc.constantFrom('', ',', '[', ']', '{', '}', '"', ':', ' ', '\\', '1', '"a"');
    await fc.assert(
      fc.asyncProperty(json, fc.nat(), damage, fc.boolean(), async (text, place, put, takes) => {
        const at = place % (text.length + 1);
        await assertSame(text.slice(0, at) + put + text.slice(at + (takes ? 1 : 0)), 0);
      }),
      { numRuns: 1000 },
    );
    for (const text of [
      '[1,2,]',
      '[,1]',
      '[1,,2]',
      '{"a":[1, ],"b":[2,3,4]}',
      '{"a":[1,2}]',
      '[1,2',
      '[1,2]]',
    ])
      await assertSame(text, 0);
  });

  it('keeps the last of two lists under one name, and characters of any length', async () => {
    await assertSame('{"a":[1,2,3],"a":[4,5,6],"ü€😀":["ü€😀","\\u00fc",["😀","€"],{"x":[1,2]}]}', 0);
  });

  it('stops at what is nested too deep', async () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.deepEqual(await read(nested(32), 0), JSON.parse(nested(32)));
    assert.equal(await read(nested(33), 0), 'too-deep');
    assert.equal(await read('{'.repeat(100_000), 0), 'too-deep');
  });

  it('never parses much at once, however long lists lie inside each other', async () => {
    const list = (length: number): readonly object[] => Array.from({ length }, (_, value) => ({ value }));
    const operations = [list(3), list(5000), list(1), list(2000), ...list(500), list(3000)].map((value) => ({
      data: { Operations: [{ value }, { value }] },
    }));
    const text = JSON.stringify({ operations, others: list(1000) });
    let longest = 0;
    const measured = (part: string): unknown => {
      longest = Math.max(longest, part.length);
      return JSON.parse(part);
    };
    const options = { parse: measured, stepBytes: 1000, maxDepth: 32 };
    const result = await parseInSteps(Buffer.from(text), options);
    assert.deepEqual(result, { kind: 'read', value: JSON.parse(text) });
    assert.ok(longest < 2000, `${longest} characters at once`);
  });

  it('turns the event loop between the parts', async () => {
    const text = JSON.stringify({ members: Array.from({ length: 20_000 }, (_, value) => ({ value })) });
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    await read(text, 10_000);
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns`);
  });
});
