import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normaliseDateTime, readDateTime } from '../../src/scim/date-time.ts';

describe('a date and time', () => {
  const instants: readonly (readonly [text: string, utc: string])[] = [
    ['2011-05-13T04:42:34Z', '2011-05-13T04:42:34Z'],
    ['2011-05-13t04:42:34z', '2011-05-13T04:42:34Z'],
    ['2011-05-13T04:42:34.000Z', '2011-05-13T04:42:34Z'],
    ['2011-05-13T04:42:34.1234567Z', '2011-05-13T04:42:34.123456Z'],
    ['2011-05-13T04:42:34+02:00', '2011-05-13T02:42:34Z'],
    ['2011-05-13T04:42:34-0730', '2011-05-13T12:12:34Z'],
    ['2011-12-31T23:59:59-14:00', '2012-01-01T13:59:59Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2011-05-13T04:42:34', '2011-05-13T04:42:34Z'],
    ['2011-05-13T04:42Z', '2011-05-13T04:42:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ];
  for (const [text, utc] of instants)
    it(`${text} is ${utc}`, () => assert.equal(normaliseDateTime(text), utc));

  for (const text of [
    '',
    'yesterday',
    '2011-05-13',
    '2011-05-13 04:42:34Z',
    '2011-02-29T00:00:00Z',
    '2011-13-01T00:00:00Z',
    '2011-05-13T24:00:00Z',
    '2011-05-13T04:60:00Z',
    '2011-05-13T04:42:60Z',
    '2011-05-13T04:42:34+15:00',
    '2011-05-13T04:42:34+02',
    '0000-05-13T04:42:34Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '12011-05-13T04:42:34Z',
    '-2011-05-13T04:42:34Z',
    `2011-05-13T04:42:34.${'1'.repeat(50)}Z`,
  ]) {
    it(`${text || 'nothing'} is none`, () => assert.equal(normaliseDateTime(text), null));
  }

  it('is kept as sent when it is an xsd:dateTime', () => {
    for (const text of ['2011-05-13T04:42:34Z', '2011-05-13T04:42:34.5+02:00', '2011-05-13T04:42:34'])
      assert.equal(readDateTime(text), text);
  });

  it('is kept as the same instant when it is written otherwise', () => {
    assert.equal(readDateTime('2011-05-13T04:42Z'), '2011-05-13T04:42:00Z');
    assert.equal(readDateTime('2011-05-13T04:42:34-0730'), '2011-05-13T12:12:34Z');
    assert.equal(readDateTime('2011-05-13t04:42:34z'), '2011-05-13T04:42:34Z');
    assert.equal(readDateTime('yesterday'), null);
  });
});
