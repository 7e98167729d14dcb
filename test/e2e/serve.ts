import { parseConfiguration } from '../../packages/server/src/config/index.ts'
import { startServer } from '../../packages/server/src/main.ts'

// A server in a process of its own, so that its memory can be measured. Arguments: flags as JSON. Started by `server-process.ts`.
const flags = JSON.parse(process.argv[2]!) as Record<string, string>
const server = await startServer(parseConfiguration({ flags, environment: {} }))
let rssMax = 0
const sample = () => (rssMax = Math.max(rssMax, process.memoryUsage.rss()))
setInterval(sample, 20).unref()
process.on('message', (question: 'rss' | 'close') => {
  if (question === 'rss') {
    process.send!({ rss: process.memoryUsage.rss(), rssMax: sample() })
    rssMax = 0
  } else void server.close().then(() => process.disconnect())
})
process.send!({ endpoint: server.endpoint })
