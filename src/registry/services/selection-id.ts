import { type Claim, isProven, type ProofKey, prove } from "../proof.ts";

/** For how long a selection id is believed, ms. */
const BELIEVED_MS = 86_400_000;

/** A selection: which, when (ms since the Unix epoch), and how often the provider's breaker had opened by then. */
export interface Selection {
  id: string;
  at: number;
  openings: number;
}

/** Whose selection it is, and of what: an id proves it for these alone. */
export interface SelectionScope {
  namespace: string;
  /** The name of the asker's API key. */
  asker: string | null;
  service: string;
  provider: string;
  /** Of the provider's registration. */
  fence: string;
}

/** `<uuid>.<at>.<openings>.<proof>`. A bare UUID, as earlier versions gave, proves nothing. */
export const SELECTION_ID =
  /^([\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})(?:\.(\d{1,15})\.(\d{1,9})\.([\w-]{22}))?$/i;

const claimOf = (scope: SelectionScope, { id, at, openings }: Selection): Claim => [
  "selection",
  scope.namespace,
  scope.asker,
  scope.service,
  scope.provider,
  scope.fence,
  id,
  at,
  openings,
];

export async function writeSelectionId(
  key: ProofKey,
  scope: SelectionScope,
  selection: Selection,
): Promise<string> {
  const { id, at, openings } = selection;
  return `${id}.${at}.${openings}.${await prove(key, claimOf(scope, selection))}`;
}

/** The selection that `text` proves at `now`; undefined if it proves none: forged, another's, or older than a day. */
export async function readSelectionId(
  key: ProofKey,
  scope: SelectionScope,
  text: string,
  now: number,
): Promise<Selection | undefined> {
  const [, id, at, openings, proof] = SELECTION_ID.exec(text) ?? [];
  if (id === undefined || proof === undefined) return undefined;
  const selection = { id, at: Number(at), openings: Number(openings) };
  if (now - selection.at > BELIEVED_MS) return undefined;
  return (await isProven(key, claimOf(scope, selection), proof)) ? selection : undefined;
}
