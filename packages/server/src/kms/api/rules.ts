/** Constraints of KMS's model that several operations share. */
export const keyIdRule = { max: 2_048 }
export const dayMs = 86_400_000
