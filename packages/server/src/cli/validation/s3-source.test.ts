import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, test } from 'vitest'
import type { ObjectSource } from './object-source.ts'
import { createS3Source } from './s3-source.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'very/secret', sessionToken: 'token-of-session' }
const noon = Date.parse('2026-03-04T12:00:00Z')
type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A source of a store that answers so; `seen` are the requests that it was sent. */
async function sourceOf(answer: Answer): Promise<{ source: ObjectSource; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => answer(request, response, seen.push(request)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}`
  const source = createS3Source({ endpoint, region: 'eu-west-1', credentials, now: () => noon })
  closing.push(async () => {
    await source.close()
    server.closeAllConnections()
    server.close()
  })
  return { source, seen }
}

const refuse = (response: ServerResponse, status: number, code: string, more = ''): void =>
  void response.writeHead(status).end(`<Error><Code>${code}</Code><Message>said ${code}</Message>${more}</Error>`)
const place = { bucket: 'logs', key: 'a b/ü+(1)' }
const options = { bytesMax: 1_000 }
const page = (keys: string[], isTruncated: boolean): string =>
  `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>` +
  `${keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('')}</ListBucketResult>`

async function all(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const key of keys) found.push(key)
  return found
}

describe('a bucket over S3', () => {
  test('gives an object with its metadata, asked for with a signature', async () => {
    const { source, seen } = await sourceOf((_, response) =>
      response.writeHead(200, { 'x-amz-meta-signature': 'abc', 'content-encoding': 'gzip' }).end('content'),
    )
    const object = await source.get(place, options)
    assert.deepEqual([Buffer.from(object!.body).toString(), object!.metadata], ['content', { signature: 'abc' }])
    const { url, headers } = seen[0]!
    assert.equal(url, '/logs/a%20b/%C3%BC%2B%281%29')
    assert.match(headers.authorization ?? '', /Credential=AKIDEXAMPLE\/20260304\/eu-west-1\/s3\/aws4_request/)
    assert.equal(headers['x-amz-security-token'], 'token-of-session')
  })

  test('an object that is not there is undefined; a refusal says why, without secrets', async () => {
    const { source } = await sourceOf(({ url }, response) =>
      url!.endsWith('gone')
        ? refuse(response, 404, 'NoSuchKey')
        : refuse(response, 403, 'AccessDenied', `<Extra>very/secret</Extra>`),
    )
    assert.equal(await source.get({ bucket: 'logs', key: 'gone' }, options), undefined)
    await assert.rejects(source.get(place, options), {
      name: 'SourceError',
      message: /^GetObject s3:\/\/logs\/.*: AccessDenied: said AccessDenied \(HTTP 403\)/,
    })
    const telling = await sourceOf((_, response) => refuse(response, 403, 'Bad very/secret', 'token-of-session'))
    await assert.rejects(
      telling.source.get(place, options),
      (error: Error) => !/very\/secret|token-/.test(error.message),
    )
  })

  test('what fails for a moment is asked for again', async () => {
    const busy = await sourceOf((_, response, count) =>
      count < 3 ? refuse(response, 503, 'SlowDown') : response.end('content'),
    )
    assert.equal(Buffer.from((await busy.source.get(place, options))!.body).toString(), 'content')
    const broken = await sourceOf((request, response, count) => {
      if (count === 2) response.end('content')
      else response.writeHead(200, { 'content-length': '100' }).write('half', () => request.socket.destroy())
    })
    assert.equal(Buffer.from((await broken.source.get(place, options))!.body).toString(), 'content')
  })

  test('what goes on failing is an error, after three attempts', async () => {
    const { source, seen } = await sourceOf((_, response) => refuse(response, 503, 'SlowDown'))
    await assert.rejects(source.get(place, options), { name: 'SourceError', message: /SlowDown/ })
    assert.equal(seen.length, 3)
    const lost = await sourceOf((request) => request.socket.destroy())
    await assert.rejects(lost.source.get(place, options), { name: 'SourceError', message: /the connection was lost/ })
  })

  test('a bucket in another Region is asked there, and the next object at once', async () => {
    const { source, seen } = await sourceOf(({ headers }, response) =>
      headers.authorization!.includes('/ap-south-1/')
        ? response.end('content')
        : refuse(response, 301, 'PermanentRedirect', '<Region>ap-south-1</Region>'),
    )
    for (let index = 0; index < 2; index++) assert.ok(await source.get(place, options))
    assert.equal(seen.length, 3)
  })

  test('a larger object is not read, and a size is admitted before the body', async () => {
    const { source } = await sourceOf((_, response) => response.end(Buffer.alloc(1_001)))
    await assert.rejects(source.get(place, options), { name: 'SourceError', message: /larger than 1000 bytes/ })
    const unsized = await sourceOf((_, response) => {
      response.write(Buffer.alloc(600))
      response.end(Buffer.alloc(600))
    })
    await assert.rejects(unsized.source.get(place, options), { name: 'SourceError', message: /larger than 1000 bytes/ })
    const admitted: number[] = []
    const admit = async (bytes: number): Promise<void> => void admitted.push(bytes)
    await source.get(place, { bytesMax: 2_000, admit })
    assert.deepEqual(admitted, [1_001])
  })

  test('keys are listed page by page', async () => {
    const { source, seen } = await sourceOf(({ url }, response) =>
      response.end(url!.includes('start-after=a%20b') ? page(['c'], false) : page(['a%26', 'a+b'], true)),
    )
    assert.deepEqual(await all(source.list('logs', 'a', '0')), ['a&', 'a b', 'c'])
    assert.match(seen[0]!.url!, /^\/logs\?list-type=2&encoding-type=url&prefix=a&start-after=0$/)
  })

  test('what is no listing of S3 is an error', async () => {
    const { source } = await sourceOf((_, response) => response.end('<html>'))
    await assert.rejects(all(source.list('logs', '')), { name: 'SourceError' })
    const none = await sourceOf((_, response) => refuse(response, 404, 'NoSuchBucket'))
    await assert.rejects(all(none.source.list('logs', '')), { message: /NoSuchBucket/ })
  })
})
