import { BucketError, type NewObject } from './bucket-store.ts'

export type ConditionalPut =
  /** Used until the store shows that it cannot; found out at the first put with a condition. */
  'auto' | 'on' | 'off'

export interface PutConditions {
  isSupported(): boolean
  /** @throws {BucketError} PreconditionFailed where the key is taken */
  putIfAbsent(object: NewObject): Promise<{ readonly etag: string }>
}

export interface PutConditionsOptions {
  readonly conditionalPut: ConditionalPut
  /** The store is known to heed `If-None-Match`, so nothing has to be found out. */
  readonly isKnownToHeed: boolean
  put(object: NewObject, isConditional: boolean): Promise<{ readonly etag: string }>
  isTaken(object: NewObject): Promise<boolean>
}

/** A repeated put costs its body again; a larger object leaves the question to a smaller one (the marker of a new trail is empty). */
const probeBytesMax = 1024 * 1024

/**
 * Puts that must not replace anything, on stores of three kinds: those that heed `If-None-Match: *`, those that refuse it
 * (NotImplemented), and those that ignore it and overwrite. The last kind can only be told by an object that is there, so after the
 * first put that succeeds the same put is made once more: where that succeeds too, it has replaced the object by itself, and the
 * store is known for what it is (price: one second version of one object per start of the server, if the bucket keeps versions).
 * Without the condition a put looks first; two writers at the same moment may then both succeed.
 */
export function createPutConditions(options: PutConditionsOptions): PutConditions {
  const { conditionalPut, put, isTaken } = options
  let support: 'unseen' | 'heeded' | 'missing' =
    conditionalPut === 'off' ? 'missing' : conditionalPut === 'on' || options.isKnownToHeed ? 'heeded' : 'unseen'
  let isProbing = false

  async function lookThenPut(object: NewObject): Promise<{ readonly etag: string }> {
    if (!(await isTaken(object))) return put(object, false)
    throw new BucketError('PreconditionFailed', `PutObject s3://${object.bucket}/${object.key}: the key is taken`)
  }

  /** Changes nothing about the put that was made: an answer that says neither leaves the question open. */
  async function probe(object: NewObject): Promise<void> {
    if (support !== 'unseen' || isProbing || object.body.length > probeBytesMax) return
    isProbing = true
    try {
      await put(object, true)
      support = 'missing'
    } catch (error) {
      if (isRefusedByCondition(error)) support = 'heeded'
    } finally {
      isProbing = false
    }
  }

  return {
    isSupported: () => support !== 'missing',
    async putIfAbsent(object) {
      if (support === 'missing') return lookThenPut(object)
      try {
        const stored = await put(object, true)
        await probe(object)
        return stored
      } catch (error) {
        if (isRefusedByCondition(error) && support === 'unseen') support = 'heeded'
        if (conditionalPut !== 'auto' || !isNotImplemented(error)) throw error
        support = 'missing'
        return lookThenPut(object)
      }
    },
  }
}

const isRefusedByCondition = (error: unknown): boolean =>
  error instanceof BucketError && ['PreconditionFailed', 'ConditionalRequestConflict'].includes(error.code)
const isNotImplemented = (error: unknown): boolean => error instanceof BucketError && error.code === 'NotImplemented'
