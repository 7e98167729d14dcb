import type { ContentFiles } from './directory-content.ts'
import type { LooseContents } from './directory-garbage.ts'
import type { ObjectIndex } from './object-index.ts'
import type { ObjectKeys } from './object-keys.ts'

/** What the parts of the directory store share. */
export interface StoreContext {
  readonly index: ObjectIndex
  readonly files: ContentFiles
  readonly loose: LooseContents
  readonly keys: ObjectKeys
  /** Domain time, ms. */
  readonly now: () => number
}
