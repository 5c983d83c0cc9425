export const signatureKey = "slipway.signature";
