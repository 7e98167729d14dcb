import { request, type Agent } from 'node:http'
import { signRequest } from '../packages/server/src/auth/index.ts'
import type { BatchTemplate } from './records.ts'

export interface BatchTarget {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Posts the batch with fresh ids and times. Resolves to the answer's status. */
export function sendBatch(order: BatchTarget, agent: Agent, template: BatchTemplate): Promise<number> {
  const body = template.fill(Date.now())
  const url = new URL('/events', order.endpoint)
  const unsigned = {
    method: 'POST',
    target: url.pathname,
    headers: { host: url.host, 'content-type': 'application/x-ndjson', 'content-length': String(body.length) },
    body,
  }
  const headers = signRequest(unsigned, { ...order, service: 'cloudtrail' }, Date.now())
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode!))
    })
    call.on('error', reject)
    call.end(body)
  })
}
