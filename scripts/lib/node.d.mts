export const nodeLeast: readonly [number, number]
export const bootstrapLeast: readonly [number, number]
export function isNewEnough(version: string, least?: readonly [number, number]): boolean
export function findNode(root: string, platform?: string, architecture?: string): string | undefined
