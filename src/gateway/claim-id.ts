/**
 * A claim's id. It names the tool, so that the result's schema is known without asking the gateway. Not trusted: the gateway
 * compares the complete id.
 */
export const claimIdOf = (tool: string): string => `${crypto.randomUUID()}.${tool}`;

export const toolOfClaim = (claimId: string): string => claimId.slice(claimId.indexOf(".") + 1);
