/** 63 random bits as a whole number: the second part of an event's id in the stream may be as large. */
export const newNonce = (): string =>
  String(BigInt.asUintN(63, crypto.getRandomValues(new BigUint64Array(1))[0]!));
