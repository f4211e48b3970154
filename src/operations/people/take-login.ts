import { caseKey, localPart } from '../../provisioning/directory-identity.ts';
import { usernameCandidates } from '../../provisioning/username.ts';
import { type FieldFault, OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';

export interface WantedLogin {
  readonly personId: string;
  /** Null when it does not change. */
  readonly username: string | null;
  readonly email: string | null;
  /** JSON pointer of the email in the body. */
  readonly emailPointer: string;
}

/** Username and email are unique among all logins of the organization, without regard to case (REQ-33). */
export async function requireFreeLogin(stores: Stores, wanted: WantedLogin): Promise<void> {
  const { username, email } = wanted;
  if (username === null && email === null) return;
  const taken = await stores.lookups.takenLogins({
    usernames: username === null ? [] : [username],
    emails: email === null ? [] : [email],
    exceptPersonId: wanted.personId,
  });
  const fields: FieldFault[] = [];
  if (username !== null && taken.usernames.has(caseKey(username))) {
    fields.push({ pointer: '/username', detail: `The username ${username} is taken.` });
  }
  if (email !== null && taken.emails.has(caseKey(email))) {
    fields.push({ pointer: wanted.emailPointer, detail: `Somebody else logs in with ${email}.` });
  }
  const [first] = fields;
  if (first !== undefined) throw new OperationError('conflict', first.detail, { fields });
}

/** A free username made from an address: the local part, else one of its fallback forms. */
export async function deriveUsername(stores: Stores, address: string, personId: string): Promise<string> {
  const candidates = [...usernameCandidates(address, personId)];
  const taken = await stores.lookups.takenLogins({
    usernames: candidates,
    emails: [],
    exceptPersonId: personId,
  });
  return candidates.find((candidate) => !taken.usernames.has(caseKey(candidate))) ?? localPart(address);
}
