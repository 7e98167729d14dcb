/** A process that starts an engine and a long query on it, tells the engine's process id, and is then killed by a test. */
import { startEngine } from './index.ts'

const engine = await startEngine({ directory: process.argv[2] as string })
void engine.client.query({ query: 'SELECT sum(cityHash64(number)) FROM numbers(100000000000)' }).catch(() => undefined)
await engine.client.ping({ select: true })
process.send?.(engine.pid())
