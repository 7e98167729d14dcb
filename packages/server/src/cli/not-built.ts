/** Commands of the design that this version does not have. The list keeps a typing error and a missing feature apart. */
export const notBuilt: ReadonlySet<string> = new Set(['completeness', 'gateway'])
