/**
 * A claim's id, which names the tool: whoever takes the result then knows its schema without asking the gateway. Not trusted:
 * the gateway compares the complete id.
 */
export const claimIdOf = (tool: string): string => `${crypto.randomUUID()}.${tool}`;

export const toolOfClaim = (claimId: string): string => claimId.slice(claimId.indexOf(".") + 1);
