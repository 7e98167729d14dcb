/**
 * The segment journal under load: append throughput and latency, processor time of all threads, the longest block of the
 * event loop, bytes per event once sealed, scattered reads, opening; then the time to read a million ids back at a start.
 * Run: node --conditions=opentrail-source bench/journal.ts [seconds] [block bytes]. Prints a table and one line of JSON.
 */
import { createCipheriv, createDecipheriv, hash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { NewEntry, Sequence, StreamId } from '@opentrail/core/event'
import { createNodeDisk } from '../packages/server/src/disk/index.ts'
import { openRecordWriter } from '../packages/server/src/intake/index.ts'
import { createWorkerSealer, openSegmentJournal } from '../packages/server/src/journal/index.ts'
import type { RecordCipher } from '../packages/server/src/keyring/index.ts'

const seconds = Number(process.argv[2] ?? 10)
const blockBytes = Number(process.argv[3] ?? 0)
const batchSize = 100
const appendsAtOnce = 4
const stream = '111122223333/eu-west-1' as StreamId

const key = randomBytes(32)
const cipher: RecordCipher = {
  async prepare() {},
  seal(_, plaintext, context) {
    const nonce = randomBytes(12)
    const sealing = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
    const body = sealing.update(plaintext.length === 1 ? plaintext[0]! : Buffer.concat(plaintext))
    sealing.final()
    // 20 bytes stand for the key id and version that a key ring puts in front.
    return Buffer.concat([nonce, body, sealing.getAuthTag(), Buffer.alloc(20)])
  },
  async open(_, sealed, context) {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength - 20)
    const opening = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(context))
    opening.setAuthTag(bytes.subarray(-16))
    const opened = opening.update(bytes.subarray(12, -16))
    opening.final()
    return opened
  },
}

const pick = <T>(values: readonly T[]): T => values.at(Math.floor(Math.random() ** 2 * values.length))!
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const idOf = (prefix: string): string =>
  prefix + Array.from({ length: 16 }, () => letters[Math.floor(Math.random() * 32)]).join('')
const users = Array.from({ length: 50 }, (_, index) => ({
  name: `user-${index}.${pick(['sales', 'ops', 'dev', 'data'])}`,
  principal: idOf('AIDA'),
  key: idOf('AKIA'),
  address: `203.0.${index}.${(index * 7) % 256}`,
  agent: pick([
    'aws-cli/2.17.9 md/awscrt#0.20.11 ua/2.0 os/linux#6.8 md/arch#x86_64 lang/python#3.11.9',
    'Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#5.10 lang/python#3.10.12',
    'console.amazonaws.com',
  ]),
}))
const services = ['s3', 'ec2', 'iam', 'sts', 'kms', 'lambda', 'dynamodb', 'sqs', 'sns', 'rds']
const verbs = ['Get', 'List', 'Describe', 'Put', 'Create', 'Delete', 'Update', 'Tag', 'Start', 'Assume']
const names = Array.from({ length: 200 }, (_, index) => ({
  source: `${services[index % 10]}.amazonaws.com`,
  name: `${verbs[Math.floor(index / 10) % 10]}${pick(['Object', 'Instance', 'Role', 'Key', 'Table', 'Queue'])}${index}`,
}))

let clock = Date.parse('2026-11-21T08:00:00Z')
function entry(): NewEntry {
  const user = pick(users)
  const { source, name } = pick(names)
  const eventId = randomUUID()
  clock += Math.random() * 2
  const eventTime = new Date(clock).toISOString().replace(/\.\d+Z/, 'Z')
  const bucket = `bucket-${Math.floor(Math.random() * 40)}`
  const object = `exports/2026/11/${randomBytes(6).toString('hex')}.parquet`
  const record = Buffer.from(
    JSON.stringify({
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        principalId: user.principal,
        arn: `arn:aws:iam::111122223333:user/${user.name}`,
        accountId: '111122223333',
        accessKeyId: user.key,
        userName: user.name,
        sessionContext: { attributes: { creationDate: '2026-11-21T06:12:44Z', mfaAuthenticated: 'false' } },
      },
      eventTime,
      eventSource: source,
      eventName: name,
      awsRegion: 'eu-west-1',
      sourceIPAddress: user.address,
      userAgent: user.agent,
      requestParameters: { bucketName: bucket, key: object, 'max-keys': Math.floor(Math.random() * 1000) },
      responseElements: { versionId: randomBytes(12).toString('base64url'), status: 'ok' },
      requestID: randomUUID(),
      eventID: eventId,
      readOnly: name.startsWith('Get'),
      resources: [{ accountId: '111122223333', type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/${object}` }],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: '111122223333',
      eventCategory: 'Management',
      tlsDetails: {
        tlsVersion: 'TLSv1.3',
        cipherSuite: 'TLS_AES_128_GCM_SHA256',
        clientProvidedHostHeader: source.replace('.', '.eu-west-1.'),
      },
    }),
  )
  const envelope = Buffer.from(
    JSON.stringify({
      version: 1,
      configVersion: 12,
      origin: 'producer',
      principal: 'arn:aws:iam::111122223333:user/forwarder',
      event: {
        eventId,
        eventTime: Math.floor(clock / 1000) * 1000,
        eventSource: source,
        eventName: name,
        category: 'Management',
        readOnly: name.startsWith('Get'),
        username: user.name,
        accessKeyId: user.key,
        resources: [{ type: 'AWS::S3::Object', name: `arn:aws:s3:::${bucket}/${object}` }],
      },
    }),
  )
  const idKey = Buffer.from(eventId.replaceAll('-', ''), 'hex')
  return { idKey, recordHash: hash('sha256', record, 'buffer'), admittedAt: Math.floor(clock), envelope, record }
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN

const cpuMicrosecondsSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** A million small entries: what is read back at a start does not depend on the size of records. */
async function rebuild(path: string) {
  const count = 1_000_000
  const perAppend = 1_000
  const small = { ...options, directory: path }
  const filling = await openSegmentJournal(small)
  const now = Date.parse('2026-11-21T08:00:00Z')
  for (let done = 0; done < count; done += perAppend) {
    const ids = randomBytes(perAppend * 16)
    const entries = Array.from({ length: perAppend }, (_, index): NewEntry => {
      const idKey = ids.subarray(index * 16, index * 16 + 16)
      return { idKey, recordHash: randomBytes(32), admittedAt: now + done / 100, envelope: idKey, record: idKey }
    })
    await filling.journal.append(stream, entries)
  }
  await filling.journal.settled()
  await filling.journal.close()
  const { journal } = await openSegmentJournal(small)
  const cpu = process.cpuUsage()
  const start = performance.now()
  await openRecordWriter(
    journal,
    () => now + count / 100,
    () => 1,
  )
  const ms = performance.now() - start
  const cpuMs = cpuMicrosecondsSince(cpu) / 1000
  await journal.close()
  return { rebuildMillionMs: Math.round(ms), rebuildMillionCpuMs: Math.round(cpuMs) }
}

const directory = await mkdtemp(join(tmpdir(), 'opentrail-bench-'))
const sealer = createWorkerSealer()
const options = {
  disk: createNodeDisk(),
  directory: join(directory, 'journal'),
  cipher,
  sealer,
  bytesMax: 2 ** 40,
  onFault: console.error,
  ...(blockBytes > 0 && { blockBytes }),
}
try {
  const { journal } = await openSegmentJournal(options)
  // Enough variety to fill several segments, made beforehand: the generator is slower than the journal.
  const batches = Array.from({ length: 1_500 }, () => Array.from({ length: batchSize }, entry))
  const sample = batches.slice(0, 50).flat()
  const recordBytes = sample.reduce((sum, { record }) => sum + record.length, 0) / sample.length
  const envelopeBytes = sample.reduce((sum, { envelope }) => sum + envelope.length, 0) / sample.length
  const latencies: number[] = []
  let next = 0
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpu = process.cpuUsage()
  const start = performance.now()
  const appender = async (): Promise<void> => {
    while (performance.now() - start < seconds * 1000 && next < batches.length * 4) {
      const batch = batches.at(next++ % batches.length)!
      const before = performance.now()
      await journal.append(stream, batch)
      latencies.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: appendsAtOnce }, appender))
  const appendMs = performance.now() - start
  const appendCpu = cpuMicrosecondsSince(cpu)
  const last = journal.durable(stream)
  const behind = journal.stats().unsealedSegments
  await journal.settled()
  const totalCpu = cpuMicrosecondsSince(cpu)
  delay.disable()
  const sealMs = performance.now() - start - appendMs
  // Everything sealed: the log in use is changed by retention only, so count sealed files alone.
  const first = await journal.read(stream, 0, 1)
  const sealedFiles = (await options.disk.list(options.directory)).filter((name) => name.endsWith('.seg'))
  let sealedBytes = 0
  for (const name of sealedFiles) {
    const file = await options.disk.open(join(options.directory, name), 'read')
    sealedBytes += await file.size()
    await file.close()
  }
  await journal.close()

  const opening = performance.now()
  const again = await openSegmentJournal(options)
  const openMs = performance.now() - opening
  const newest = await options.disk.open(
    join(
      options.directory,
      (await options.disk.list(options.directory)).find((name) => name.endsWith('.log'))!,
    ),
    'read',
  )
  const logBytes = await newest.size()
  await newest.close()
  const logEntries = Math.round(logBytes / (recordBytes + envelopeBytes + 72))
  const gets: number[] = []
  const getsCpu: number[] = []
  for (let round = 0; round < 200; round++) {
    const wanted = Array.from({ length: 50 }, () => (1 + Math.floor(Math.random() * (last - 1))) as Sequence)
    const before = performance.now()
    const cpuBefore = process.cpuUsage()
    const found = await again.journal.get(stream, wanted)
    gets.push(performance.now() - before)
    getsCpu.push(cpuMicrosecondsSince(cpuBefore) / 1000)
    if (found.some((entry) => !entry)) throw new Error('an entry is missing')
  }
  const scan = performance.now()
  let scanned = 0
  for (let after: Sequence | 0 = 0; scanned < 100_000;) {
    const page = await again.journal.read(stream, after, 1_000)
    if (page.entries.length === 0) break
    scanned += page.entries.length
    after = page.last
  }
  const scanMs = performance.now() - scan
  await again.journal.close()
  const figures = {
    entries: last,
    recordBytes: Math.round(recordBytes),
    envelopeBytes: Math.round(envelopeBytes),
    entriesPerSecond: Math.round(last / (appendMs / 1000)),
    cpuMicrosecondsPerEntry: Number((appendCpu / last).toFixed(1)),
    cpuMicrosecondsPerEntrySealed: Number((totalCpu / last).toFixed(1)),
    eventLoopBlockedP99Ms: Number((delay.percentile(99) / 1e6).toFixed(1)),
    eventLoopBlockedMaxMs: Number((delay.max / 1e6).toFixed(1)),
    appendP50Ms: Number(quantile(latencies, 0.5).toFixed(2)),
    appendP99Ms: Number(quantile(latencies, 0.99).toFixed(2)),
    unsealedAtEnd: behind,
    sealBacklogMs: Math.round(sealMs),
    sealedBytesPerEvent: Math.round(sealedBytes / (last - logEntries)),
    get50P50Ms: Number(quantile(gets, 0.5).toFixed(2)),
    get50P99Ms: Number(quantile(gets, 0.99).toFixed(2)),
    get50CpuP50Ms: Number(quantile(getsCpu, 0.5).toFixed(2)),
    readPerSecond: Math.round(scanned / (scanMs / 1000)),
    openMs: Math.round(openMs),
    firstStillThere: first.entries.length === 1,
    ...(await rebuild(join(directory, 'rebuild'))),
  }
  console.table(figures)
  console.log(JSON.stringify(figures))
} finally {
  await sealer.close()
  await rm(directory, { recursive: true, force: true })
}
