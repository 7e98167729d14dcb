import { listLimitMax } from './control-limits.ts'
import type { ControlStore } from './control-store.ts'

/**
 * All documents under a prefix, in key order; read in pages, so what changes meanwhile may or may not be in it. For areas
 * that are bounded by what an administrator makes. @throws {ControlUnavailableError}
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who reads a document names the shape it was written in
export async function listAll<T>(
  control: Pick<ControlStore, 'list'>,
  prefix: string,
): Promise<{ key: string; value: T; version: number }[]> {
  const all: { key: string; value: T; version: number }[] = []
  for (;;) {
    const after = all.at(-1)?.key
    const page = await control.list<T>(prefix, { limit: listLimitMax, ...(after !== undefined && { after }) })
    all.push(...page)
    if (page.length < listLimitMax) return all
  }
}
