import { isAccountId, isRegionName } from '@opentrail/core/event'
import { BodyError, ImportInterruptedError } from '../../intake/index.ts'
import type { OpenedServer } from '../../open-mode.ts'
import { isGzip, type ImportTarget } from '../import/import-target.ts'
import type { Home } from './find-home.ts'

/** The server of this very process. */
export function createLocalTarget(server: OpenedServer, home: Home, signal: AbortSignal): ImportTarget {
  return {
    async take({ body, account, region }) {
      const place = {
        account: account !== undefined && isAccountId(account) ? account : home.account,
        region: region !== undefined && isRegionName(region) ? region : home.region,
      }
      try {
        const encoding = isGzip(body) ? 'gzip' : 'identity'
        const { answer, newest } = await server.take({ ...place, body: atHand(body), encoding, signal })
        if (newest !== undefined) server.standAt(newest)
        return answer
      } catch (error) {
        if (!(error instanceof ImportInterruptedError)) throw error
        const { cause, outcome } = error
        if (outcome.newest !== undefined) server.standAt(outcome.newest)
        if (!(cause instanceof BodyError)) throw cause
        return { ...outcome.answer, damage: cause.message }
      }
    },
  }
}

async function* atHand(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}
