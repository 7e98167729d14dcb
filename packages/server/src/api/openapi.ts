import * as z from 'zod'
import { errorSchema, eventSchema } from './answer-schemas.ts'
import { bodyBytesMax, errorStatus, subjectName, type DescribedCall, type ErrorCode } from './operation.ts'
import type { JsonSchema, Parameter } from './parameters.ts'

/** What any call may be answered with: who calls is not proven, or may not; and what goes wrong on our side. */
const commonErrors: readonly (readonly [status: number, code: string])[] = [
  [400, 'ValidationException'],
  [403, 'MissingAuthenticationTokenException'],
  [403, 'IncompleteSignatureException'],
  [403, 'UnrecognizedClientException'],
  [403, 'InvalidSignatureException'],
  [403, 'AccessDeniedException'],
  [413, 'RequestEntityTooLargeException'],
  [500, 'InternalFailure'],
  [503, 'ServiceUnavailable'],
]
const bodyErrors: readonly (readonly [status: number, code: string])[] = [
  [400, 'SerializationException'],
  [408, 'RequestTimeoutException'],
  [413, 'RequestEntityTooLargeException'],
]

/** Of the API, not of the server: what is in `/api/v1` is only ever added to. */
const apiVersion = '1.0.0'

/** OpenAPI 3.1 of the operations. */
export function openApiDocument(operations: readonly DescribedCall[]): JsonSchema {
  const paths = Map.groupBy(operations, ({ path }) => path)
  return {
    openapi: '3.1.0',
    info: {
      title: 'OpenTrail',
      version: apiVersion,
      description:
        'Search, counts, timelines, log files and digests of an audit trail. Every call is recorded as an event of `cloudtrail.amazonaws.com`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ sigv4: [] }, { bearer: [] }],
    paths: Object.fromEntries(
      [...paths].map(([path, own]) => [
        path,
        Object.fromEntries(own.map((each) => [each.method.toLowerCase(), described(each)])),
      ]),
    ),
    components: {
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4, service `cloudtrail`; the Region is the one that is called',
        },
        bearer: { type: 'http', scheme: 'bearer' },
      },
      schemas: namedSchemas(),
    },
  }
}

function described(own: DescribedCall): JsonSchema {
  const { eventName, brief, details, answer, body, file, parameters, subject, path } = own
  const success =
    'json' in answer
      ? { description: 'The answer', content: { 'application/json': { schema: referring(jsonSchema(answer.json)) } } }
      : { description: 'A stream of events', content: { [answer.stream]: { schema: { type: 'string' } } } }
  return {
    operationId: eventName,
    summary: brief,
    ...(details !== undefined && { description: details }),
    parameters: [
      ...(subject ? [describedParameter(subjectName(path), 'path', subject)] : []),
      ...Object.entries(parameters).map(([name, parameter]) => describedParameter(name, 'query', parameter)),
    ],
    ...(body && {
      requestBody: {
        required: true,
        description: `At most ${bodyBytesMax} bytes`,
        content: { 'application/json': { schema: jsonSchema(body, 'input') } },
      },
    }),
    ...(file && {
      requestBody: {
        required: true,
        description: 'Plain, or gzip with `Content-Encoding`',
        content: Object.fromEntries(file.map((type) => [type, { schema: { type: 'string', format: 'binary' } }])),
      },
    }),
    responses: { 200: success, ...errorResponses(errorsOf(own), own.error) },
  }
}

const describedParameter = (
  name: string,
  where: 'path' | 'query',
  { brief, isRequired, schema }: Parameter<unknown>,
) => ({
  name,
  in: where,
  required: where === 'path' || isRequired,
  description: brief,
  schema,
})

/** All codes that a call of the operation may be answered with, each with its status. */
export function errorsOf({ errors, body, file }: DescribedCall): readonly (readonly [status: number, code: string])[] {
  const own = errors.map((code: ErrorCode) => [errorStatus[code], code] as const)
  const all = [...commonErrors, ...own, ...(body || file ? bodyErrors : [])]
  return [...new Map(all.map((error) => [error[1], error])).values()].sort(([one], [other]) => one - other)
}

function errorResponses(errors: ReturnType<typeof errorsOf>, shape?: z.ZodType): Record<number, JsonSchema> {
  const schema = shape ? jsonSchema(shape) : { $ref: '#/components/schemas/Error' }
  const byStatus = Map.groupBy(errors, ([status]) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map(([, code]) => code).join(', '),
        ...(status === 503 && { headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } } }),
        content: { 'application/json': { schema } },
      },
    ]),
  )
}

/** Those with a name of their own. */
function namedSchemas(): JsonSchema {
  const { $defs } = z.toJSONSchema(z.strictObject({ error: errorSchema, event: eventSchema }), {
    target: 'draft-2020-12',
  })
  const named = Object.entries($defs ?? {}).map(([name, schema]) => [name, { ...schema, id: undefined }])
  return Object.fromEntries(named) as JsonSchema
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
  const { $schema: _, id: __, $defs: ___, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io })
  return rest
}

/** zod puts what has an id into `$defs`; here it is among the components. */
const referring = (schema: JsonSchema): JsonSchema =>
  JSON.parse(JSON.stringify(schema).replaceAll('#/$defs/', '#/components/schemas/')) as JsonSchema
