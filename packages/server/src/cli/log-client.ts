import type { Connection } from './connection.ts'
import type { CliContext } from './context.ts'
import { CommandError } from './command-error.ts'
import { OperationError, signedGet } from './signed-request.ts'

/** What a server says of a log. Nothing of it is verified here. */
export interface LogClient {
  /** The signed note, of the newest size. */
  checkpoint(): Promise<string>
  verifierKey(): Promise<string>
  /** The proof that the log of `to` entries begins with that of `from`. */
  growth(from: number, to: number): Promise<string>
  proof(eventId: string, options: { readonly size: string | undefined; readonly withRecord: boolean }): Promise<string>
}

export function createLogClient(context: CliContext, connection: Connection): LogClient {
  async function get(what: string, path: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
    const query = new URLSearchParams({ region: connection.region, ...parameters })
    const answer = await signedGet(connection, `/api/v1/${path}?${query.toString()}`, context.now())
    if (answer.status === 200) return answer.text
    if (answer.status === 404 && /NotFoundException/.test(answer.text) && !/EventNotFound/.test(answer.text))
      throw new CommandError(`${connection.endpoint} signs no checkpoints: it is not OpenTrail, or an older version`)
    throw new OperationError(what, answer)
  }
  return {
    checkpoint: () => get('GetCheckpoint', 'checkpoint'),
    verifierKey: async () => (await get('GetCheckpointKey', 'checkpoint/key')).trim(),
    growth: (from, to) => get('GetConsistencyProof', 'consistency', { from: String(from), to: String(to) }),
    proof: (eventId, { size, withRecord }) =>
      get('GetInclusionProof', 'proof', { eventId, record: String(withRecord), ...(size !== undefined && { size }) }),
  }
}
