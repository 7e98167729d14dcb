import { Agent } from 'node:http'
import { batchTemplate } from './records.ts'
import { sendBatch } from './send-batch.ts'

/** What a load process is told (JSON in its first argument) and what it answers (JSON on standard output). */
export interface LoadOrder {
  readonly endpoint: string
  readonly account: string
  readonly region: string
  /** Where given, connections send to these in turn instead. */
  readonly regions?: readonly string[]
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly connections: number
  readonly recordsPerBatch: number
  /** Whichever comes first ends it. */
  readonly seconds: number
  readonly eventsMax?: number
  /** Events per second over all connections; absent: as fast as answers come (closed loop). */
  readonly eventsPerSecond?: number
}

export interface LoadReport {
  readonly events: number
  readonly seconds: number
  readonly refused: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly cpuSeconds: number
  /** Ids of acknowledged events, a sample. */
  readonly sampleIds: readonly string[]
}

const templatesPerConnection = 25
/** Latencies count from here on: before, both processes are still compiling their code. Events count from the start. */
const warmUpMs = 5_000
const sampleEvery = 50

async function run(order: LoadOrder): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: order.connections })
  const latencies: number[] = []
  const sampleIds: string[] = []
  const state = { events: 0, refused: 0, started: performance.now(), due: 0 }
  const deadline = state.started + order.seconds * 1_000
  const periodMs = order.eventsPerSecond ? (order.recordsPerBatch / order.eventsPerSecond) * 1_000 : 0

  async function connection(index: number): Promise<void> {
    const target = { ...order, region: order.regions?.[index % order.regions.length] ?? order.region }
    const templates = Array.from({ length: templatesPerConnection }, () => batchTemplate(order.recordsPerBatch, target))
    for (let turn = index; ; turn++) {
      // Open loop: a batch has its moment, and waiting for a slow answer counts into the next one's latency.
      let moment = performance.now()
      if (periodMs > 0) {
        moment = state.started + state.due++ * periodMs
        const wait = moment - performance.now()
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
      }
      if (performance.now() >= deadline || state.events >= (order.eventsMax ?? Infinity)) return
      const template = templates[turn % templates.length]!
      const status = await sendBatch(target, agent, template)
      if (moment - state.started > warmUpMs) latencies.push(performance.now() - moment)
      if (status === 200) state.events += template.records
      else state.refused += template.records
      if (turn % sampleEvery === 0 && status === 200) sampleIds.push(template.lastId())
    }
  }

  await Promise.all(Array.from({ length: order.connections }, (_, index) => connection(index)))
  agent.destroy()
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const { user, system } = process.cpuUsage()
  return {
    events: state.events,
    refused: state.refused,
    seconds: (performance.now() - state.started) / 1_000,
    p50: at(0.5),
    p99: at(0.99),
    max: sorted.at(-1) ?? 0,
    cpuSeconds: (user + system) / 1e6,
    sampleIds,
  }
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2]!) as LoadOrder)))
