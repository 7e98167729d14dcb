export function packagesAreCurrent(root: string): boolean
export function markInstalled(root: string): void
