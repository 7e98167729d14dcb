import { deliveryMutants } from './delivery-mutants.ts'
import { digestMutants } from './digest-mutants.ts'

/** A deliberate breakage of the product: texts of one file, replaced while it is loaded. Nothing on disk changes. */
export interface Mutant {
  readonly name: string
  /** What the broken product does, in a sentence. */
  readonly breaks: string
  /** Below `packages/`. */
  readonly file: string
  /** Each `from` stands in the file exactly once. */
  readonly edits: readonly { readonly from: string; readonly to: string }[]
  /** Where to begin, for what shows rarely; to be looked for again when the simulation changes. */
  readonly firstSeed?: number
}

const logWriter = 'server/src/journal/log-writer.ts'
const openSegments = 'server/src/journal/open-segments.ts'
const recordWriter = 'server/src/intake/record-writer.ts'
const batchWriter = 'server/src/history/batch-writer.ts'
const outbox = 'server/src/selftrail/outbox.ts'
const retention = 'server/src/retention.ts'
const insert = '        if (block.events > 0) await store.insert(batch, plan.id)\n'

/** Each is caught by the checker within a bounded number of seeds. */
export const mutants: readonly Mutant[] = [
  {
    name: 'no-sync',
    breaks: 'appends are acknowledged without fdatasync',
    file: logWriter,
    edits: [{ from: 'written = true\n      await file.datasync()', to: 'written = true' }],
  },
  {
    name: 'sync-not-awaited',
    breaks: 'appends are acknowledged while fdatasync is still under way',
    file: logWriter,
    edits: [
      {
        from: 'written = true\n      await file.datasync()',
        to: 'written = true\n      void file.datasync().catch(() => {})',
      },
    ],
  },
  {
    name: 'new-log-not-in-directory',
    breaks: 'a new log is written to before its name is durable',
    file: logWriter,
    edits: [{ from: '      await disk.syncDirectory(reading.directory)\n', to: '' }],
  },
  {
    name: 'page-cache-trusted',
    breaks: 'what an opening reads counts as durable although the last process may not have synced it',
    file: openSegments,
    edits: [
      {
        from: '    await file.write(from, [await file.read(from, scan.end - from)])\n    await file.datasync()\n',
        to: '',
      },
      { from: 'const from = scan.frames.at(-1)?.durableOffset ?? 0', to: '' },
    ],
  },
  {
    name: 'checksum-ignored',
    firstSeed: 100,
    breaks: 'a torn frame counts as whole',
    file: 'server/src/journal/log-format.ts',
    edits: [{ from: 'if (crc32(bytes.subarray(12, length)) !== bytes.readUInt32LE(8)) return undefined', to: '' }],
  },
  {
    name: 'no-window-rebuild',
    breaks: 'after a restart the writer has forgotten which ids it has stored',
    file: recordWriter,
    edits: [{ from: 'newQueue(await rebuildWindow(journal, stream, now()))', to: 'newQueue(createEventWindow())' }],
  },
  {
    name: 'forgetful-window',
    breaks: 'the window remembers eight ids',
    file: 'server/src/intake/event-window.ts',
    edits: [{ from: 'windowEntriesMax = 2 ** 20', to: 'windowEntriesMax = 8' }],
  },
  {
    name: 'duplicate-as-stored',
    breaks: 'a repetition is answered as stored',
    file: recordWriter,
    edits: [
      {
        from: "if (known.kind !== 'new') return () => known",
        to: "if (known.kind !== 'new') return () => ({ ...known, kind: 'stored' as const })",
      },
    ],
  },
  {
    name: 'first-id-wins',
    breaks: 'another event under an id that is taken is acknowledged and dropped',
    file: 'server/src/intake/event-window.ts',
    edits: [{ from: "kind: same ? 'duplicate' : 'reused'", to: "kind: 'duplicate'" }],
  },
  {
    name: 'bytes-changed',
    breaks: 'admission encodes text twice',
    file: 'core/src/event/admit.ts',
    edits: [
      {
        from: "Buffer.from(assembleRecord(members, kind, fills), 'latin1')",
        to: "Buffer.from(assembleRecord(members, kind, fills), 'utf8')",
      },
    ],
  },
  {
    name: 'outbox-deletes-first',
    breaks: 'an event leaves the outbox before it is in the journal',
    file: outbox,
    edits: [
      {
        from: '    if (!relayed.has(key)) {\n',
        to: '    await control.transact([{ key, value: undefined }])\n    if (!relayed.has(key)) {\n',
      },
    ],
  },
  {
    name: 'outbox-never-deletes',
    breaks: 'relayed events stay in the outbox',
    file: outbox,
    edits: [{ from: '    await control.transact([{ key, value: undefined }])\n    relayed', to: '    relayed' }],
  },
  {
    name: 'change-before-event',
    breaks: 'a change and its event are two transactions',
    file: outbox,
    edits: [
      {
        from: 'await transactOnce(control, [...writes, { key, value: document, ifVersion: 0 }], key)',
        to: 'await control.transact(writes)\n        await transactOnce(control, [{ key, value: document, ifVersion: 0 }], key)',
      },
    ],
  },
  {
    name: 'new-token-each-try',
    breaks: 'a repeated insert into history is not recognised',
    file: batchWriter,
    edits: [{ from: 'store.insert(batch, plan.id)', to: 'store.insert(batch, uuid(random))' }],
  },
  {
    name: 'cursor-before-insert',
    breaks: 'history counts entries as indexed before they are',
    file: batchWriter,
    edits: [
      { from: insert, to: '' },
      { from: '        await state.complete(plan)\n', to: `        await state.complete(plan)\n${insert}` },
    ],
  },
  {
    name: 'tail-dropped-early',
    breaks: 'entries leave the searchable tail before the store has them',
    file: batchWriter,
    edits: [
      { from: '    tail.remove(block)\n', to: '' },
      {
        from: '    const batch = block.toBatch()\n',
        to: '    const batch = block.toBatch()\n    tail.remove(block)\n',
      },
    ],
  },
  {
    name: 'plan-not-recorded',
    breaks: 'a batch is inserted without having been written down',
    file: batchWriter,
    edits: [{ from: 'if (!recorded && block.events > 0) await', to: 'if (false) await' }],
  },
  {
    name: 'snapshot-ignored',
    breaks: 'a lookup shows what came after its walk began',
    file: 'server/src/history/index-reader.ts',
    edits: [{ from: 'Math.min(inserted, snapshot) as Sequence | 0', to: 'inserted' }],
  },
  {
    name: 'retention-ahead-of-history',
    breaks: 'retention does not wait for history',
    file: retention,
    edits: [{ from: 'const indexed = [history.cursors(), trees.cursors()]', to: 'const indexed = [trees.cursors()]' }],
  },
  {
    name: 'retention-too-early',
    breaks: 'retention removes a day too much',
    file: 'server/src/journal/segment-journal.ts',
    edits: [{ from: 'newest < admittedBefore', to: 'newest < admittedBefore + 86_400_000' }],
  },
  ...deliveryMutants,
  ...digestMutants,
]
