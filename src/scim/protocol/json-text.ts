/** A part of an answer that is JSON already, such as a resource written from what is stored. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
