// What admission costs: CPU µs per record for `admit`, MB/s for the splitter, on synthetic records of 1.1 KB and on real ones.
// Run: node --conditions=opentrail-source bench/admission.ts   (REAL_EVENTS=DIR names a folder of *.json.gz log files)
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import {
  admit,
  splitRecords,
  splitterStart,
  type AccountId,
  type AdmissionContext,
  type Region,
} from '@opentrail/core/event'

const roundMs = 300
const rounds = 5
const account = '210000000001'
const accounts = new Set([account])
const regions = new Set(['eu-west-1'])
const context: AdmissionContext = {
  origin: 'producer',
  principal: `arn:aws:iam::${account}:user/producer`,
  configVersion: 1,
  account: account as AccountId,
  region: 'eu-west-1' as Region,
  accounts,
  regions,
  now: Date.UTC(2026, 2, 4, 12),
}
const giveId = () => ({ id: '8a0e2f5c-6d0b-4f57-9c0e-2c8b5b9f1d11', fromKey: false })

function synthetic(index: number) {
  const hex = index.toString(16).padStart(12, '0')
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId: `AROAXMPLROLE00000001:deploy-${index}`,
      arn: `arn:aws:sts::${account}:assumed-role/Deployer/deploy-${index}`,
      accountId: account,
      accessKeyId: 'ASIAXMPLTMP000000001',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAXMPLROLE00000001',
          arn: `arn:aws:iam::${account}:role/Deployer`,
          accountId: account,
          userName: 'Deployer',
        },
        attributes: { creationDate: '2026-03-04T08:00:00Z', mfaAuthenticated: 'false' },
      },
    },
    eventTime: '2026-03-04T10:12:31Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: 'DescribeInstances',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '203.0.113.7',
    userAgent: 'aws-sdk-js/3.900.0 os/linux#6.1 lang/js md/nodejs#24.1.0',
    requestParameters: { instancesSet: { items: [{ instanceId: `i-${hex}` }] }, maxResults: 50 },
    responseElements: null,
    requestID: `7c1d2f5c-6d0b-4f57-9c0e-${hex}`,
    eventID: `8a0e2f5c-6d0b-4f57-9c0e-${hex}`,
    readOnly: true,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: 'ec2.eu-west-1.amazonaws.com',
    },
  }
}

interface Row {
  readonly what: string
  readonly 'bytes/record': number
  readonly 'µs/record': number
  readonly 'MB/s': number
}
const table: Row[] = []

const round2 = (value: number) => Math.round(value * 100) / 100

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** CPU time of this process, garbage collection included, best of some rounds: the machine may have other work. */
function measure(what: string, records: number, bytes: number, pass: () => void): void {
  let best = Number.POSITIVE_INFINITY
  pass()
  for (let round = 0; round < rounds; round++) {
    const start = cpuMs()
    let passes = 0
    while (cpuMs() - start < roundMs) {
      pass()
      passes++
    }
    best = Math.min(best, (cpuMs() - start) / passes)
  }
  table.push({
    what,
    'bytes/record': Math.round(bytes / records),
    'µs/record': round2((best * 1000) / records),
    'MB/s': Math.round(bytes / best / 1000),
  })
}

function measureAdmit(what: string, records: readonly Uint8Array[], given: AdmissionContext): void {
  const bytes = records.reduce((sum, record) => sum + record.length, 0)
  measure(what, records.length, bytes, () => {
    for (const record of records) {
      const admission = admit(record, given, giveId)
      if (!admission.ok) throw new Error(`${admission.refusal.code}: ${admission.refusal.message}`)
    }
  })
}

function measureSplit(what: string, body: Buffer, records: number): void {
  const chunkBytes = 64 * 1024
  measure(what, records, body.length, () => {
    let state = splitterStart
    let count = 0
    for (let at = 0; at < body.length; at += chunkBytes) {
      const split = splitRecords(state, body.subarray(at, at + chunkBytes), at + chunkBytes >= body.length)
      count += split.records.length
      state = split.state
    }
    if (count !== records) throw new Error(`${count} records instead of ${records}`)
  })
}

const objects = Array.from({ length: 2000 }, (_, index) => synthetic(index))
const compact = objects.map((object) => Buffer.from(JSON.stringify(object)))
// What the machine can do at this moment, to read the other figures by.
measure(
  'JSON.parse alone, for comparison',
  compact.length,
  compact.reduce((sum, r) => sum + r.length, 0),
  () => {
    for (const record of compact) JSON.parse(record.toString())
  },
)
measureAdmit('admit, complete record', compact, context)
measureAdmit(
  'admit, members sorted by name',
  objects.map((object) =>
    Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))))),
  ),
  context,
)
measureAdmit(
  'admit, id, time and types to fill in',
  objects.map(({ eventID: _1, eventTime: _2, eventType: _3, managementEvent: _4, eventVersion: _5, ...rest }) =>
    Buffer.from(JSON.stringify(rest)),
  ),
  context,
)
measureAdmit(
  'admit, spaces behind commas and colons',
  compact.map((record) => Buffer.from(record.toString().replaceAll('":', '": ').replaceAll(',"', ', "'))),
  context,
)
measureAdmit(
  'admit, a password in it',
  objects.map((object) =>
    Buffer.from(JSON.stringify({ ...object, requestParameters: { userName: 'kim', password: 'x' } })),
  ),
  context,
)
measureAdmit('admit, as import', compact, { ...context, origin: 'import' })
measureSplit('split, lines', Buffer.from(compact.join('\n')), compact.length)
measureSplit('split, {"Records":[...]}', Buffer.from(`{"Records":[${compact.join(',')}]}`), compact.length)
measureSplit('split, indented', Buffer.from(objects.map((o) => JSON.stringify(o, null, 2)).join('\n')), objects.length)

const realEvents = process.env['REAL_EVENTS']
if (realEvents !== undefined && existsSync(realEvents)) {
  for (const file of readdirSync(realEvents).filter(
    (name) => name.endsWith('.json.gz') && !name.startsWith('partial-'),
  )) {
    const body = gunzipSync(readFileSync(`${realEvents}/${file}`))
    const { records } = splitRecords(splitterStart, body, true)
    const parsed = records.map(
      (r) => JSON.parse(Buffer.from(r).toString()) as { recipientAccountId?: string; awsRegion: string },
    )
    const known = {
      accounts: new Set([account, ...parsed.flatMap((r) => r.recipientAccountId ?? [])]),
      regions: new Set(['eu-west-1', ...parsed.map((r) => r.awsRegion)]),
    }
    measureAdmit(`admit, as import: ${file.replace('.json.gz', '')}`, records, {
      ...context,
      ...known,
      origin: 'import',
    })
    if (body.length > 1e6) measureSplit(`split: ${file.replace('.json.gz', '')}`, body, records.length)
  }
}
console.table(table)
