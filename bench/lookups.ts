import { Agent, request } from 'node:http'
import { signRequest } from '../packages/server/src/auth/index.ts'
import { batchTemplate } from './records.ts'
import type { BenchServer } from './server-process.ts'

interface Event {
  readonly EventId: string
  readonly EventName: string
  readonly EventSource: string
  readonly Username?: string
  readonly AccessKeyId?: string
  readonly ReadOnly: string
  readonly Resources: readonly { readonly ResourceType: string; readonly ResourceName: string }[]
}

export interface LookupFigures {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly byAttribute: string
}

const share = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
const rising = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const agent = new Agent({ keepAlive: true })

function call(
  server: BenchServer,
  path: string,
  body: Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const url = new URL(path, server.endpoint)
  const signed = signRequest(
    { method: 'POST', target: path, headers: { host: url.host, ...headers }, body },
    { ...server, service: 'cloudtrail' },
    Date.now(),
  )
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { ...signed, 'content-length': String(body.length) } },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => resolve({ status: answer.statusCode!, text: Buffer.concat(parts).toString() }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

export async function lookup(server: BenchServer, input: object): Promise<{ Events: Event[]; NextToken?: string }> {
  const answer = await call(server, '/', Buffer.from(JSON.stringify(input)), {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'CloudTrail_20131101.LookupEvents',
  })
  if (answer.status !== 200) throw new Error(`LookupEvents answered ${answer.status}: ${answer.text}`)
  return JSON.parse(answer.text) as { Events: Event[] }
}

const by = (AttributeKey: string, AttributeValue: string) => ({ LookupAttributes: [{ AttributeKey, AttributeValue }] })

/** Questions of every kind, with values taken from events all over the time that is stored. */
async function questions(server: BenchServer): Promise<{ attribute: string; input: object }[]> {
  const events: Event[] = []
  const page = await lookup(server, { MaxResults: 50 })
  events.push(...page.Events)
  const names = [...new Set(events.map(({ EventName }) => EventName))]
  // Older events: the ends of walks by name would take long, so their first pages have to do.
  for (const name of names.slice(0, 20)) events.push(...(await lookup(server, by('EventName', name))).Events)
  return events.flatMap((event) => [
    { attribute: 'EventId', input: by('EventId', event.EventId) },
    { attribute: 'EventName', input: by('EventName', event.EventName) },
    { attribute: 'EventSource', input: by('EventSource', event.EventSource) },
    { attribute: 'ReadOnly', input: by('ReadOnly', event.ReadOnly) },
    ...(event.Username ? [{ attribute: 'Username', input: by('Username', event.Username) }] : []),
    ...(event.AccessKeyId ? [{ attribute: 'AccessKeyId', input: by('AccessKeyId', event.AccessKeyId) }] : []),
    ...event.Resources.slice(0, 1).flatMap(({ ResourceType, ResourceName }) => [
      { attribute: 'ResourceType', input: by('ResourceType', ResourceType) },
      { attribute: 'ResourceName', input: by('ResourceName', ResourceName) },
    ]),
    { attribute: 'none', input: {} },
  ])
}

export async function lookupLoad(
  server: BenchServer,
  load: { seconds: number; connections: number; perSecond?: number },
): Promise<LookupFigures> {
  const asked = await questions(server)
  const latencies = new Map<string, number[]>()
  const started = performance.now()
  const deadline = started + load.seconds * 1_000
  let due = 0
  let done = 0
  async function connection(): Promise<void> {
    for (;;) {
      const turn = due++
      let moment = performance.now()
      if (load.perSecond) {
        moment = started + (turn / load.perSecond) * 1_000
        const wait = moment - performance.now()
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
      }
      if (performance.now() > deadline) return
      const { attribute, input } = asked[(turn * 7919) % asked.length]!
      await lookup(server, input)
      done++
      const list = latencies.get(attribute) ?? []
      latencies.set(attribute, list)
      list.push(performance.now() - moment)
    }
  }
  await Promise.all(Array.from({ length: load.connections }, connection))
  const all = rising([...latencies.values()].flat())
  const byAttribute = [...latencies].map(([name, list]) => `${name} ${share(rising(list), 0.99).toFixed(0)}`).join(', ')
  return {
    perSecond: done / ((performance.now() - started) / 1_000),
    p50: share(all, 0.5),
    p99: share(all, 0.99),
    byAttribute: `p99 ms by attribute: ${byAttribute}`,
  }
}

/** Sends single events and asks for each by its id until it is found; milliseconds from the acknowledgement. */
export async function untilFound(
  server: BenchServer,
  seconds: number,
): Promise<{ p50: number; p99: number; count: number }> {
  const template = batchTemplate(1, server)
  const times: number[] = []
  for (const deadline = performance.now() + seconds * 1_000; performance.now() < deadline;) {
    const sent = await call(server, '/events', template.fill(Date.now()), { 'content-type': 'application/x-ndjson' })
    if (sent.status !== 200) throw new Error(`POST /events answered ${sent.status}: ${sent.text}`)
    const acknowledged = performance.now()
    while ((await lookup(server, by('EventId', template.lastId()))).Events.length === 0);
    times.push(performance.now() - acknowledged)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const sorted = rising(times)
  return { p50: share(sorted, 0.5), p99: share(sorted, 0.99), count: sorted.length }
}
