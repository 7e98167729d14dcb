import { createHmac, timingSafeEqual } from 'node:crypto'

/** Which receive of which message. */
export interface Receipt {
  readonly queueId: string
  readonly sequence: number
  /** The message's receives when it was handed out, from 1. */
  readonly receives: number
}

export interface ReceiptHandles {
  seal(receipt: Receipt): string
  /** Undefined: not a handle that was made here. */
  open(handle: string): Receipt | undefined
}

const tagBytes = 16
const form = /^([\w-]{1,64})\.(\d{1,16})\.(\d{1,10})$/
/** As long as AWS's own can be. */
const handleCharsMax = 1_024

/** Opaque to clients, and nobody makes one up: tag, then what it speaks of, in base64. Good as long as the key is. */
export function createReceiptHandles(key: Uint8Array): ReceiptHandles {
  const tag = (text: string) => createHmac('sha256', key).update(text).digest().subarray(0, tagBytes)
  return {
    seal({ queueId, sequence, receives }) {
      const text = `${queueId}.${sequence}.${receives}`
      return Buffer.concat([tag(text), Buffer.from(text)]).toString('base64')
    },
    open(handle) {
      if (handle.length > handleCharsMax) return undefined
      const bytes = Buffer.from(handle, 'base64')
      if (bytes.length <= tagBytes || bytes.toString('base64') !== handle) return undefined
      const text = bytes.subarray(tagBytes).toString('latin1')
      if (!timingSafeEqual(tag(text), bytes.subarray(0, tagBytes))) return undefined
      const [, queueId, sequence, receives] = form.exec(text) ?? []
      if (queueId === undefined) return undefined
      return { queueId, sequence: Number(sequence), receives: Number(receives) }
    },
  }
}
