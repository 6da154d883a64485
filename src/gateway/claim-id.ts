/**
 * A claim's id, which names the result schema that the call was admitted with by its hash: the schema is found without asking
 * the gateway, as long as the toolset has it. Not trusted: the gateway compares the complete id.
 */
export const claimIdOf = (resultHash: string): string => `${crypto.randomUUID()}.${resultHash}`;

export const resultHashOf = (claimId: string): string => claimId.slice(claimId.indexOf(".") + 1);
