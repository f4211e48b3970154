import type { JsonObject } from './json.ts';

/** A stored JSON object as the text it is stored as: most readers only pass it on. */
export class StoredJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  read(): JsonObject {
    return JSON.parse(this.text);
  }
}
