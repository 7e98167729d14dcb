import { createPrivateKey } from 'node:crypto'
import { formatCheckpoint, noteSigner, signNote, type NoteKey } from '@opentrail/core/checkpoint'
import type { StreamId } from '@opentrail/core/event'
import type { SignCheckpoint } from './manifests.ts'

/** Made for tests and used nowhere else: the same in every run. */
const pem = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----`

export const originOf = (stream: StreamId): string => `log.example/${stream}`
const signer = noteSigner('log.example', createPrivateKey(pem))
export const testCheckpointKey: NoteKey = signer.key

export const signTestCheckpoint: SignCheckpoint = (stream, { size, root }) =>
  signNote(formatCheckpoint({ origin: originOf(stream), size, root }), [signer])
