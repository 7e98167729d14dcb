import type { Mutant } from './mutants.ts'

const lane = 'server/src/delivery/lane.ts'
const delivery = 'server/src/delivery/delivery.ts'
const putFile = 'server/src/delivery/put-file.ts'

/** What trails and their delivery could do wrong. */
export const deliveryMutants: readonly Mutant[] = [
  {
    name: 'put-before-plan',
    breaks: 'a file is put before its plan is written down',
    file: lane,
    edits: [
      {
        from: '    if (isSpooled) await writeToSpool(plan, content)\n',
        to: `    if (isSpooled) await writeToSpool(plan, content)
    const caller = { kind: 'delivery' as const, trailArn: trailId, account }
    for (const [at, file] of isSpooled ? [] : plan.files.entries())
      await putFile(buckets, { bucket: plan.bucket, file, body: content.files[at]!.body, caller, isRepeated: false })\n`,
      },
    ],
  },
  {
    name: 'ledger-before-put',
    breaks: 'the ledger says that a file is delivered before it is put',
    file: lane,
    edits: [
      {
        from: '    if (!bodies) return replan(plan)\n',
        to: '    if (!bodies) return replan(plan)\n    await recordStored(plan)\n',
      },
      { from: '    await recordStored(plan)\n  }\n', to: '  }\n' },
    ],
  },
  {
    name: 'cursor-before-plan',
    breaks: 'a lane has passed events before they are in a plan',
    file: lane,
    edits: [{ from: '    const plan = makePlan(', to: '    await write(next)\n    const plan = makePlan(' }],
  },
  {
    name: 'key-not-frozen',
    breaks: 'each attempt puts a file under another key',
    file: lane,
    edits: [
      {
        from: '    const bodies = await bodiesOf(plan)\n',
        to: `    plan = isUntried ? plan : { ...plan, files: plan.files.map((file) => rekey(file, stream, plan, now(), random)) }
    if (!isUntried) await replaceFirst(plan)
    const bodies = await bodiesOf(plan)\n`,
      },
    ],
  },
  {
    name: 'not-read-back',
    breaks: 'a key that is taken is left without looking whether the file itself has it',
    file: putFile,
    edits: [{ from: "if (found === 'absent') throw error", to: "if (found !== 'other') return 'taken'" }],
  },
  {
    name: 'nonsense-believed',
    breaks: 'a garbled answer counts as another object',
    file: putFile,
    edits: [
      { from: 'const second = await readOnce(store, bucket, file)', to: 'const second = first as Uint8Array | string' },
    ],
  },
  {
    name: 'current-selectors',
    breaks: 'events are judged by the selectors that the trail has when they are delivered',
    file: 'core/src/delivery/selection.ts',
    edits: [{ from: 'versionInForce(all, configVersion)', to: 'versionInForce(all, Infinity)' }],
  },
  {
    name: 'change-event-by-new-version',
    breaks: 'the event of a change is judged by what it changed to alone',
    file: 'core/src/delivery/selecting-version.ts',
    edits: [{ from: '[envelope.changesConfig, envelope.changesConfig - 1]', to: '[envelope.changesConfig]' }],
  },
  {
    name: 'not-restamped',
    breaks: 'entries keep the configuration version of their admission',
    file: 'server/src/intake/record-writer.ts',
    edits: [{ from: 'fresh.map(stamps())', to: 'fresh' }],
  },
  {
    name: 'change-in-force-late',
    breaks: 'a change is in force only once its event is in the journal',
    file: 'server/src/selftrail/outbox.ts',
    edits: [
      { from: '        committed?.()\n', to: '' },
      { from: '.catch(() => waiting.add(key))\n', to: '.catch(() => waiting.add(key))\n        committed?.()\n' },
    ],
  },
  {
    name: 'retention-ahead-of-delivery',
    breaks: 'retention does not wait for delivery',
    file: 'server/src/retention.ts',
    edits: [{ from: '      ...some.map((cursors) => cursors.get(stream) ?? Infinity),\n', to: '' }],
  },
  {
    name: 'moved-unseen',
    breaks: 'a file goes to the new bucket without a look whether the old one has it',
    file: lane,
    edits: [{ from: ' && (isUntried || (await isNowhere(plan)))', to: '' }],
    firstSeed: 460,
  },
  {
    name: 'spool-emptied-early',
    breaks: 'a file leaves the spool before it is in its bucket',
    file: lane,
    edits: [
      {
        from: '        bodies.push(body)\n',
        to: '        bodies.push(body)\n        await spool.remove(spoolName(trailId, stream, plan, file))\n',
      },
    ],
  },
  {
    name: 'given-up-silently',
    breaks: 'a range that is given up is not in the ledger',
    file: lane,
    edits: [
      { from: '      ledgerWrite({ ordinal, ...range, abandonedAt: now() }),\n', to: '' },
      { from: '{ ...next, ordinal }', to: 'next' },
    ],
  },
  {
    name: 'lane-at-the-end',
    breaks: 'a new lane begins where its stream ends',
    file: delivery,
    edits: [{ from: 'await laneStart(journal, stream, version.since)', to: 'journal.durable(stream)' }],
  },
  {
    name: 'passed-unread',
    breaks: 'a trail that takes nothing any more passes events of earlier changes',
    file: lane,
    edits: [{ from: 'return ended?.since === last.since && document.cursor >= ended.at', to: 'return true' }],
  },
  {
    name: 'delivered-backwards',
    breaks: 'a clock that goes back takes the times of the ledger with it',
    file: lane,
    edits: [{ from: 'Math.max(now(), document.latestDeliveryAt ?? 0)', to: 'now()' }],
  },
]
