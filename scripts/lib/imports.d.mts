export interface Offence {
  readonly file: string
  readonly line: number
  readonly reason: string
}
export function checkImports(root: string): { offences: Offence[]; files: number }
export function importsOf(text: string): { line: number; specifier: string }[]
export function judge(file: string, specifier: string, resolveFrom: (target: string) => string): string | undefined
