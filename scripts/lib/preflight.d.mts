export interface Machine {
  readonly platform: string
  readonly architecture: string
  readonly node: string
  readonly musl: () => boolean
  readonly freeBytes: () => number
  readonly npm: () => boolean
  readonly writable: () => boolean
}
export const installBytes: number
export function preflight(
  what: { readonly root: string; readonly needsInstall: boolean },
  known?: Partial<Machine>,
): string | undefined
