import { setTimeout as delay } from 'node:timers/promises'
import type { ApiError, ApiImportAnswer } from '@opentrail/core/api'
import { CommandError } from '../command-error.ts'
import type { Connection } from '../connection.ts'
import type { CliContext } from '../context.ts'
import type { HttpAnswer } from '../http-client.ts'
import { OperationError, signedPost } from '../signed-request.ts'
import { isGzip, nothingTaken, type FileToImport, type ImportTarget, type TakenFile } from './import-target.ts'

/** A server that is busy or restarts is asked again for about a minute. */
const attemptsMax = 8
const pauseMsFirst = 500
const pauseMsMax = 15_000
/** A file of a gigabyte, unpacked, takes a minute on a small machine; others may be before it. */
const answerMs = 30 * 60_000
const busyStatuses = new Set([429, 502, 503, 504])

/** A server over HTTP: `POST /api/v1/import`. */
export function createHttpTarget(context: CliContext, connection: Connection): ImportTarget {
  function post({ name, body, account, region }: FileToImport): Promise<HttpAnswer> {
    const query = new URLSearchParams({ file: name, ...(account && { account }), ...(region && { region }) })
    return signedPost(connection, {
      path: `/api/v1/import?${query.toString()}`,
      region: connection.region,
      headers: {
        'content-type': 'application/x-ndjson',
        'user-agent': 'opentrail-cli',
        ...(isGzip(body) && { 'content-encoding': 'gzip' }),
      },
      body,
      now: context.now(),
      timeoutMs: answerMs,
    })
  }

  return {
    async take(file) {
      for (let attempt = 1; ; attempt++) {
        const answer = await post(file)
        if (busyStatuses.has(answer.status) && attempt < attemptsMax)
          await delay(Math.min(pauseMsMax, pauseMsFirst * 2 ** (attempt - 1)))
        else return read(answer, connection.endpoint)
      }
    },
  }
}

/** @throws {CommandError} */
function read(answer: HttpAnswer, endpoint: string): TakenFile {
  const { status, text } = answer
  if (status === 404) throw new CommandError(`${endpoint} takes no imports: it is not OpenTrail, or an older version`)
  const told = parsed(text)
  if (status === 200) return told as unknown as ApiImportAnswer
  const { __type: code, Message: message = `status ${status}` } = told
  if (code === 'InvalidBodyException' || code === 'RequestEntityTooLargeException')
    return { ...nothingTaken, ...countsOf(told), damage: message }
  // A single place that is not there says nothing about other files.
  if (code === 'UnknownAccount' || code === 'UnknownRegion')
    return { ...nothingTaken, refusedCount: 1, refused: [{ index: 0, code, message }] }
  throw new OperationError('ImportEvents', answer)
}

function parsed(text: string): Partial<ApiError & ApiImportAnswer> {
  try {
    return JSON.parse(text) as Partial<ApiError & ApiImportAnswer>
  } catch (cause) {
    throw new CommandError('the server answered something that is no JSON; is it of the same version?', { cause })
  }
}

const countsOf = ({
  __type: _code,
  Message: _message,
  ...counts
}: Partial<ApiError & ApiImportAnswer>): Partial<ApiImportAnswer> => counts
