// What selection costs: events judged per second of one core's time, with the record parsed already and with it still to parse.
// Run: node --conditions=opentrail-source bench/selectors.ts
import type { RoutingFields } from '@opentrail/core/event'
import { compileSelectors, defaultSelectors, readSelectors, selectableEvent } from '@opentrail/core/selector'
import type { SelectableEvent, TrailSelectors } from '@opentrail/core/selector'

const roundSeconds = 0.3
const rounds = 3
/** So many different events take turns that no branch or string is always the same. */
const eventCount = 1_000
const account = '210000000001'

interface Resource {
  readonly type: string
  readonly ARN: string
}
interface Given {
  readonly category: 'Management' | 'Data'
  readonly source: string
  readonly name: string
  readonly readOnly: boolean
  readonly resources?: readonly Resource[]
}

const recordOf = ({ category, source, name, readOnly, resources }: Given) =>
  Buffer.from(
    JSON.stringify({
      eventVersion: '1.11',
      userIdentity: {
        type: 'AssumedRole',
        principalId: 'AROAXMPLROLE00000001:deploy',
        arn: `arn:aws:sts::${account}:assumed-role/Deployer/deploy`,
        accountId: account,
        accessKeyId: 'ASIAXMPLTMP000000001',
        sessionContext: { attributes: { creationDate: '2026-03-04T08:00:00Z', mfaAuthenticated: 'false' } },
      },
      eventTime: '2026-03-04T10:12:31Z',
      eventSource: source,
      eventName: name,
      awsRegion: 'eu-west-1',
      sourceIPAddress: '203.0.113.7',
      userAgent: '[aws-sdk-js/3.900.0 os/linux#6.1 lang/js md/nodejs#24.1.0]',
      requestParameters: { bucketName: 'bucket', Host: 'bucket.s3.eu-west-1.amazonaws.com', key: 'data/object' },
      responseElements: null,
      eventID: '8a0e2f5c-6d0b-4f57-9c0e-2c8b5b9f1d11',
      readOnly,
      resources,
      eventType: 'AwsApiCall',
      managementEvent: category === 'Management',
      recipientAccountId: account,
      eventCategory: category,
    }),
  )

function eventOf(given: Given): () => SelectableEvent {
  const record = recordOf(given)
  const routing: RoutingFields = {
    eventId: '8a0e2f5c-6d0b-4f57-9c0e-2c8b5b9f1d11',
    eventTime: Date.UTC(2026, 2, 4, 10, 12, 31),
    eventSource: given.source,
    eventName: given.name,
    category: given.category,
    readOnly: given.readOnly,
    resources: [],
  }
  return () => selectableEvent(routing, record)
}

const eventsOf = (make: (index: number) => Given) =>
  Array.from({ length: eventCount }, (_, index) => eventOf(make(index)))

const management = eventsOf((index) => ({
  category: 'Management',
  source: 'ec2.amazonaws.com',
  name: 'DescribeInstances',
  readOnly: index % 2 === 0,
}))
const dataEvents = (source: string, name: string, resources: (index: number) => readonly Resource[]) =>
  eventsOf((index) => ({ category: 'Data', source, name, readOnly: index % 2 === 0, resources: resources(index) }))
const object = (bucket: string, key: string): readonly Resource[] => [
  { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/${key}` },
  { type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` },
]
const functionArn = (index: number) => `arn:aws:lambda:eu-west-1:${account}:function:function-${index}`
const tableArn = (index: number) => `arn:aws:dynamodb:eu-west-1:${account}:table/table-${index}`
const prefix = (index: number) => `arn:aws:s3:::company-bucket-${index}/data/`
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

const objectHits = dataEvents('s3.amazonaws.com', 'PutObject', (i) =>
  object(`company-bucket-${i % 250}`, `data/${i}.parquet`),
)
const objectMisses = dataEvents('s3.amazonaws.com', 'PutObject', (i) =>
  object(`company-bucket-${i % 250}`, `logs/${i}.gz`),
)
/** Objects, functions, tables and streams in turn, all of them among the values or none. */
const mixed = (from: number) =>
  dataEvents('s3.amazonaws.com', 'Call', (index) => {
    const n = from + (index % 80)
    const table = { type: 'AWS::DynamoDB::Table', ARN: tableArn(n) }
    const stream = { type: 'AWS::DynamoDB::Stream', ARN: `${tableArn(n)}/stream/2026-03-04T00:00:00.000` }
    const choices = [
      object(`company-bucket-${n}`, 'data/x'),
      [{ type: 'AWS::Lambda::Function', ARN: functionArn(n) }],
      [table],
      [stream],
    ]
    return choices[index % 4]!
  })

function selectorsOf(input: Parameters<typeof readSelectors>[0]): TrailSelectors {
  const outcome = readSelectors(input)
  if (!outcome.ok) throw new Error(outcome.message)
  return outcome.selectors
}
const dataOnly = (...DataResources: object[]) =>
  selectorsOf({ eventSelectors: [{ IncludeManagementEvents: false, DataResources }] })
const advanced = (...fields: Readonly<Record<string, object>>[]) =>
  selectorsOf({
    advancedEventSelectors: fields.map((selector) => ({
      FieldSelectors: Object.entries(selector).map(([Field, operators]) => ({ Field, ...operators })),
    })),
  })

const prefixes = dataOnly({ Type: 'AWS::S3::Object', Values: many(250, prefix) })
const mix = dataOnly(
  { Type: 'AWS::S3::Object', Values: many(90, prefix) },
  { Type: 'AWS::Lambda::Function', Values: many(80, functionArn) },
  { Type: 'AWS::DynamoDB::Table', Values: many(80, tableArn) },
)
const objects = { eventCategory: { Equals: ['Data'] }, 'resources.type': { Equals: ['AWS::S3::Object'] } }
const oneLarge = advanced({ ...objects, 'resources.ARN': { StartsWith: many(498, prefix) } })
const manySmall = advanced(
  ...many(125, (i) => ({ ...objects, readOnly: { Equals: ['false'] }, 'resources.ARN': { StartsWith: [prefix(i)] } })),
)

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Best of some rounds in CPU time, garbage collection included: the machine may have other work. `hits`: share to be taken. */
function perSecond(
  judge: (event: SelectableEvent) => boolean,
  next: () => readonly SelectableEvent[],
  hits: number,
): number {
  let best = 0
  let taken = 0
  let all = 0
  for (let round = 0; round < rounds; round++) {
    let judged = 0
    let spent = 0
    while (spent < roundSeconds) {
      // Made outside the measured time; `details()` is inside where the record has not been asked for yet.
      const passes = many(20, next)
      const start = cpuSeconds()
      for (const events of passes) for (const event of events) if (judge(event)) taken++
      spent += cpuSeconds() - start
      judged += passes.length * eventCount
    }
    best = Math.max(best, judged / spent)
    all += judged
  }
  // Verdicts that nobody looked at would be optimised away.
  if (Math.abs(taken - hits * all) > 0.5) throw new Error(`${taken} of ${all} events were taken instead of ${hits}`)
  return best
}

const table: Readonly<Record<string, string | number>>[] = []
function measure(what: string, selectors: TrailSelectors, makers: readonly (() => SelectableEvent)[], hits: number) {
  const judge = compileSelectors(selectors)
  const parsed = makers.map((make) => make())
  for (const event of parsed) event.details()
  table.push({
    what,
    taken: `${hits * 100} %`,
    'judged/s, record parsed': Math.round(perSecond(judge, () => parsed, hits)),
    'judged/s, record still to parse': Math.round(perSecond(judge, () => makers.map((make) => make()), hits)),
  })
}

measure('default, management events', defaultSelectors, management, 1)
measure('default, data events', defaultSelectors, objectHits, 0)
measure('250 S3 prefixes, hits', prefixes, objectHits, 1)
measure('250 S3 prefixes, misses', prefixes, objectMisses, 0)
measure('250 S3 prefixes, management events', prefixes, management, 0)
measure('250 mixed data resources, hits', mix, mixed(0), 1)
measure('250 mixed data resources, misses', mix, mixed(100), 0)
measure('advanced, 1 selector of 500 values, hits', oneLarge, objectHits, 1)
measure('advanced, 1 selector of 500 values, misses', oneLarge, objectMisses, 0)
measure('advanced, 125 selectors of 4 values, hits', manySmall, objectHits, 0.248)
measure('advanced, 125 selectors of 4 values, misses', manySmall, objectMisses, 0)
console.table(table)
