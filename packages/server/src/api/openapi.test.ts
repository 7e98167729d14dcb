import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import * as z from 'zod'
import { send } from '../http/http.testing.ts'
import { everywhereKey, producerKey, startApi } from './api.testing.ts'

type Schema = Readonly<Record<string, unknown>>
interface Described {
  readonly operationId: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: 'path' | 'query'
    readonly required: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
    >
  >
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

let api: Awaited<ReturnType<typeof startApi>>
let document: Document
beforeAll(async () => {
  api = await startApi()
  await api.add(
    ...Array.from({ length: 30 }, (_, at) => ({ ago: at * 100, region: at % 2 ? 'us-east-1' : 'eu-west-1' })),
  )
  const { text } = await send(api.server, { path: '/api/v1/openapi.json' })
  document = JSON.parse(text) as Document
})
afterAll(() => api.close())

/** What the document says a text may be, and near misses. */
function texts({ schema, name }: Described['parameters'][number]): fc.Arbitrary<string> {
  const {
    type,
    minimum,
    maximum,
    pattern,
    examples,
    enum: values,
  } = schema as {
    type: string
    minimum?: number
    maximum?: number
    pattern?: string
    examples?: string[]
    enum?: string[]
  }
  const wrong = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('', '-1', '0', '1e3', '*', '%', '\u0000', 'x'.repeat(13_000)),
  )
  const right =
    type === 'integer'
      ? fc.integer({ min: minimum ?? 0, max: maximum ?? 9 }).map(String)
      : values
        ? fc.constantFrom(...values)
        : pattern !== undefined && name !== 'cursor'
          ? fc.stringMatching(new RegExp(pattern))
          : fc.constantFrom(...(examples ?? ['alice', 'audit']), 'eventName = DeleteBucket', 'alice and not bob')
  return fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: wrong })
}

function queries({ parameters }: Described): fc.Arbitrary<Record<string, string>> {
  const named = parameters.map(
    (parameter) =>
      [parameter.name, fc.option(texts(parameter), { nil: undefined, freq: parameter.required ? 20 : 2 })] as const,
  )
  return fc
    .record(Object.fromEntries(named))
    .map((all) =>
      Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    )
}

const selectors = fc.constantFrom<unknown>(
  [{ ReadWriteType: 'All' }],
  [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Data'] }] }],
  [],
  [1],
  'all',
  null,
)
const bodies: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  AskEvents: fc.record(
    {
      question: fc.oneof(
        fc.string({ maxLength: 600 }),
        fc.constantFrom('who deleted logs', 'alice', 'logins yesterday', '10.0.0.0/9'),
      ),
      from: fc.constantFrom('-1d', 'now', 'x'),
      accounts: fc.constantFrom(['*'], ['111122223333'], ['x']),
    },
    { requiredKeys: ['question'] },
  ),
  DryRunEventSelectors: fc.record(
    {
      eventSelectors: selectors,
      advancedEventSelectors: selectors,
      days: fc.oneof(fc.integer({ min: -1, max: 100 }), fc.string()),
      regions: fc.constantFrom(['eu-west-1'], ['mars'], []),
    },
    { requiredKeys: [] },
  ),
}

/** The document's own schema, with what it refers to at hand. */
function shapeOf(schema: Schema): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas }).replaceAll(
    '#/components/schemas/',
    '#/$defs/',
  )
  return z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0])
}

function check(described: Described, status: number, headers: Readonly<Record<string, unknown>>, text: string): void {
  const answer = described.responses[status]
  assert.ok(answer, `${described.operationId} answers ${status}, which the document does not know: ${text}`)
  const type = String(headers['content-type']).split(';', 1)[0]!
  const content = answer.content[type]
  assert.ok(content, `${described.operationId} answers ${status} with ${type}`)
  if (type !== 'application/json') return
  const value: unknown = JSON.parse(text)
  const read = shapeOf(content.schema).safeParse(value)
  assert.ok(read.success, `${described.operationId} ${status}: ${read.error?.message} in ${text.slice(0, 500)}`)
  if (status === 200) return
  const { __type: code } = value as { __type: string }
  assert.ok(
    answer.description.split(', ').includes(code),
    `${described.operationId} answers ${status} ${code}, which is not documented`,
  )
}

describe('the document', () => {
  test('is there for everybody, of OpenAPI 3.1, and names each operation once', () => {
    assert.equal(document.openapi, '3.1.0')
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.length >= 12)
    assert.match(JSON.stringify(document), /"maximum":1000/)
  })

  test(
    'whatever is asked within it or beside it, each operation answers as it says',
    { timeout: 120_000 },
    async () => {
      for (const [path, methods] of Object.entries(document.paths))
        for (const [method, described] of Object.entries(methods)) {
          const body = method === 'post' ? (bodies[described.operationId] ?? fc.constant({})) : fc.constant(undefined)
          const key = fc.constantFrom(undefined, undefined, everywhereKey, producerKey)
          await fc.assert(
            fc.asyncProperty(queries(described), body, key, async (query, content, asker) => {
              const named = described.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
              const target = named.reduce(
                (text, name) => text.replace(`{${name}}`, encodeURIComponent(query[name] || 'none')),
                path,
              )
              const rest = Object.entries(query).filter(([name]) => !named.includes(name))
              const wanted = `${target}${rest.length > 0 ? `?${new URLSearchParams(rest).toString()}` : ''}`
              if (wanted.length > 16_000) return
              const options = { ...(asker && { key: asker }), ...(content !== undefined && { body: content }) }
              if (['FollowEvents', 'ImportEvents'].includes(described.operationId)) return
              const { status, headers, text } = await api.call(wanted, options)
              check(described, status, headers, text)
            }),
            { numRuns: 60 },
          )
        }
      assert.deepEqual(api.faults, [])
    },
  )

  test('what is never sent by a client that reads it is refused in its words, too', async () => {
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, described] of Object.entries(methods)) {
        // The route is the intake's, which has a test of its own.
        if (described.operationId === 'ImportEvents') continue
        const target = path.replace(/\{\w+\}/, 'none')
        const unsigned = await send(api.server, { method: method.toUpperCase(), path: target })
        check(described, unsigned.status, unsigned.headers, unsigned.text)
        const unknown = await api.call(`${target}?unknown=1`, method === 'post' ? { body: {} } : {})
        assert.equal(unknown.status, 400)
        check(described, unknown.status, unknown.headers, unknown.text)
        if (method !== 'post') continue
        const { status, headers, text } = await api.call(target, { body: [1] })
        assert.equal(status, 400)
        check(described, status, headers, text)
      }
    assert.deepEqual(api.faults, [])
  })
})
