/**
 * What completeness costs: microseconds of processor time, over all threads, per entry of a stream for the manifests of one
 * trail that takes everything, every other event at random, or one in a hundred; and what the manifests weigh. The journal is
 * on disk, the trees' store in memory. Run: node --conditions=opentrail-source bench/manifests.ts [events]
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createPositionsWriter } from '@opentrail/core/delivery'
import type { AccountId, NewEntry, Region, Sequence, StreamId } from '@opentrail/core/event'
import { makeManifestParts, manifestBytes, type PlannedRange } from '@opentrail/core/manifest'
import { createMemoryControlStore } from '../packages/server/src/control/index.ts'
import { createNodeDisk } from '../packages/server/src/disk/index.ts'
import { createTestCipher } from '../packages/server/src/journal/cipher.testing.ts'
import { createWorkerSealer, openSegmentJournal, type Journal } from '../packages/server/src/journal/index.ts'
import { openStreamTrees } from '../packages/server/src/stream-trees/index.ts'
import { createFigures } from './figures.ts'

const events = Number(process.argv[2] ?? 200_000)
const stream = '111122223333/eu-west-1' as StreamId
const batch = 500
const recordBytes = 1_100
/** As many as a log file under load has. */
const rangeEntries = 20_000

async function fill(journal: Journal): Promise<void> {
  const envelope = Buffer.from(JSON.stringify({ version: 1, configVersion: 1, event: { eventId: 'x'.repeat(36) } }))
  for (let done = 0; done < events; done += batch) {
    const entries = Array.from({ length: batch }, (): NewEntry => {
      const record = Buffer.from(`{"id":"${randomBytes(16).toString('hex')}","text":"${'x'.repeat(recordBytes - 60)}"}`)
      const recordHash = createHash('sha256').update(record).digest()
      return { idKey: randomBytes(16), recordHash, admittedAt: 1_800_000_000_000 + done, envelope, record }
    })
    await journal.append(stream, entries)
  }
}

/** The ranges of a trail that takes each entry with this probability. */
function rangesOf(share: number): PlannedRange[] {
  const ranges: PlannedRange[] = []
  for (let from = 0; from < events; from += rangeEntries) {
    const to = Math.min(events, from + rangeEntries)
    const positions = createPositionsWriter()
    let count = 0
    for (let offset = 0; offset < to - from; offset++)
      if (Math.random() < share) {
        positions.add(offset)
        count += 1
      }
    const s3Object = `AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/21/file-${from}.json.gz`
    const file = { s3Bucket: 'logs', s3Object, hashValue: 'a'.repeat(64), count, positions: positions.finish() }
    ranges.push({ from, to, files: [file] })
  }
  return ranges
}

const cpuMicros = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return user + system
}

const figures = createFigures('manifests')
const directory = await mkdtemp(join(tmpdir(), 'opentrail-bench-'))
const sealer = createWorkerSealer()
try {
  const disk = createNodeDisk()
  const { journal } = await openSegmentJournal({
    disk,
    directory: join(directory, 'journal'),
    cipher: createTestCipher(),
    sealer,
    bytesMax: 2 ** 36,
    onFault: (message, error) => console.error(message, error),
  })
  const trees = await openStreamTrees({
    journal,
    control: createMemoryControlStore(),
    now: Date.now,
    failed: (step, _, error) => console.error(step, error),
  })
  await fill(journal)
  await journal.settled()
  await trees.reach(stream, events)
  for (const [name, share] of [
    ['everything', 1],
    ['half, at random', 0.5],
    ['one in a hundred', 0.01],
  ] as const) {
    const ranges = rangesOf(share)
    const before = process.cpuUsage()
    let [parts, stored] = [0, 0]
    const plan = { from: 0, to: events as Sequence, ranges, nodes: trees.nodes(stream) }
    for await (const part of makeManifestParts(plan)) {
      const bytes = manifestBytes({
        awsAccountId: '111122223333' as AccountId,
        region: 'eu-west-1' as Region,
        trailArn: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit',
        digestS3Bucket: 'logs',
        digestS3Object: 'digest',
        digestHashValue: 'a'.repeat(64),
        publicKeyFingerprint: 'b'.repeat(32),
        isFirst: false,
        versions: [],
        ...part,
        end: { ...part.end, checkpoint: '' },
      })
      stored += gzipSync(bytes).length
      parts += 1
    }
    figures.add(`${name}: processor time per entry of the stream`, `${(cpuMicros(before) / events).toFixed(2)} us`, '')
    figures.add(`${name}: manifests`, `${parts} parts, ${(stored / events).toFixed(2)} bytes per entry, packed`, '')
  }
  await trees.close()
  await journal.close()
} finally {
  await sealer.close()
  await rm(directory, { recursive: true, force: true })
}
figures.write()
