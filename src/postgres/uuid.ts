const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text can be an id of ours. Anything else would fail the cast in SQL, and names nothing. */
export const isUuid = (text: string): boolean => uuid.test(text);

/** Whether the text is an id exactly as we write it: ids compare with case, and ours are in lower case. */
export const isOwnId = (text: string): boolean => isUuid(text) && text === text.toLowerCase();
