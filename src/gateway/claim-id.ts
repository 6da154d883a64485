/**
 * A claim's id names the tool, so that whoever takes the result knows its schema without asking for the call. Made up or
 * altered, it is no claim's: the gateway compares the whole.
 */
export const claimIdOf = (tool: string): string => `${crypto.randomUUID()}.${tool}`;

export const toolOfClaim = (claimId: string): string => claimId.slice(claimId.indexOf(".") + 1);
