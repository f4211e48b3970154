import { KNOWN_PROPERTIES, type ObjectType } from './directory-object.ts';
import { badRequest, unknownProperty, unsupportedQuery } from './graph-error.ts';

/** The query options of one request; names in lower case and without the dollar sign, which Graph does not insist on. */
export class ODataQuery {
  readonly #options = new Map<string, string>();
  readonly raw: string;

  constructor(raw: string) {
    this.raw = raw;
    for (const [name, value] of new URLSearchParams(raw)) {
      this.#options.set(name.replace(/^\$/, '').toLowerCase(), value);
    }
  }

  get(name: string): string | undefined {
    return this.#options.get(name);
  }

  get names(): readonly string[] {
    return [...this.#options.keys()];
  }

  get wantsCount(): boolean {
    return this.get('count') === 'true';
  }

  /** Undefined when nothing is selected. */
  select(type: ObjectType, extra: readonly string[] = []): readonly string[] | undefined {
    const text = this.get('select');
    if (text === undefined || text.trim() === '') return undefined;
    return text.split(',').map((part) => {
      const name = part.trim();
      const known = [...KNOWN_PROPERTIES[type], ...extra].find(
        (property) => property.toLowerCase() === name.toLowerCase(),
      );
      if (known !== undefined) return known;
      throw unknownProperty(name, type);
    });
  }

  /** `$top`, from 1 to 999. */
  top(): number | undefined {
    const text = this.get('top');
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > 999) {
      throw badRequest(`'${text}' is no page size from 1 to 999.`);
    }
    return value;
  }
}

/** Counts, casts and searches go to an index, and a request has to say that it knows. */
export function requireAdvancedQuery(
  query: ODataQuery,
  headers: Readonly<Record<string, string>>,
  isCountSegment: boolean,
): void {
  const isEventual = headers['consistencylevel']?.toLowerCase() === 'eventual';
  if (!isEventual) throw unsupportedQuery('This query needs the header ConsistencyLevel: eventual.');
  if (!isCountSegment && !query.wantsCount) throw unsupportedQuery('This query needs $count=true.');
}
