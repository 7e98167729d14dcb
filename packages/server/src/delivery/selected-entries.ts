import { allPositions, type LogFileKind } from '@opentrail/core/delivery'
import type { Sequence, StreamId } from '@opentrail/core/event'
import type { ControlStore, ControlWrite } from '../control/index.ts'
import type { LogContent } from './content-builder.ts'
import type { LedgerEntry } from './lane-document.ts'

/**
 * Which entries of a plan's range are in which of its files: written with the plan, because selecting them again later
 * may give something else (another version of the program). Goes with the ledger entries of the range.
 */
interface SelectedDocument {
  readonly to: Sequence
  readonly files: readonly { readonly kind: LogFileKind; /** Base64. */ readonly positions: string }[]
}

/** So that keys sort like numbers. */
const sequenceDigits = 16
export const selectedKey = (trailId: string, stream: StreamId, from: Sequence | 0): string =>
  `delivery/selected/${trailId}/${stream}/${String(from).padStart(sequenceDigits, '0')}`

/** To be written with the plan of the range. Nothing where one file holds the whole range: the plan's numbers say so. */
export function selectedWrites(
  trailId: string,
  stream: StreamId,
  from: Sequence | 0,
  { files, to }: Pick<LogContent, 'files' | 'to'>,
): ControlWrite[] {
  if (files.length === 1 && files[0]!.count === to - from) return []
  const named = files.map(({ kind, positions }) => ({ kind, positions: Buffer.from(positions).toString('base64') }))
  return [{ key: selectedKey(trailId, stream, from), value: { to, files: named } satisfies SelectedDocument }]
}

/**
 * Which entries of its range a delivered file holds, by the codec of `@opentrail/core/delivery`; undefined where that was
 * not written down, or not for this range. @throws {ControlUnavailableError}
 */
export async function readSelected(
  control: Pick<ControlStore, 'get'>,
  trailId: string,
  stream: StreamId,
  { kind, from, to, count }: Extract<LedgerEntry, { readonly deliveredAt: number }>,
): Promise<Uint8Array | undefined> {
  if (count === to - from) return allPositions(count)
  const document = await control.get<SelectedDocument>(selectedKey(trailId, stream, from))
  if (document?.value.to !== to) return undefined
  const own = document.value.files.find((file) => file.kind === kind)
  return own && Buffer.from(own.positions, 'base64')
}
