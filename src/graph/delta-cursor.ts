/** A link of Graph together with what it was made for. Opaque to everybody else. */
export interface DeltaCursor {
  /** The selection of properties, and of groups. */
  readonly selection: string;
  /** Exactly as it was received. */
  readonly link: string;
}

export const writeCursor = ({ selection, link }: DeltaCursor): string => `${selection} ${link}`;

/** Null when it is none of ours, or of another selection: such a link would leave out what is followed now. */
export function readCursor(text: string, selection: string): DeltaCursor | null {
  const prefix = `${selection} `;
  return text.startsWith(prefix) ? { selection, link: text.slice(prefix.length) } : null;
}
