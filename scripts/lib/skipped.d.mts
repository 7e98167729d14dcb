export function skippedPath(root: string): string
export function noteSkipped(root: string, what: string, why: string): void
export function readSkipped(root: string): string[]
