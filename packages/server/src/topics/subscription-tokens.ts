import { createHmac, timingSafeEqual } from 'node:crypto'
import { subscriptionArn, type SubscriptionDocument } from './topic-documents.ts'

/**
 * What the links in messages prove: that who follows one has got the message. Nothing is stored; a token belongs to one
 * subscription, one purpose and, as `createdAt` is part of it, to one request to confirm.
 */
export interface SubscriptionTokens {
  make(purpose: TokenPurpose, subscription: SubscriptionDocument): string
  isGood(purpose: TokenPurpose, subscription: SubscriptionDocument, token: string): boolean
  /** The subscription that a token names; nothing is proven by it. */
  subscriptionIdOf(token: string): string | undefined
}

export type TokenPurpose = 'confirm' | 'unsubscribe'

/** `key`: 32 bytes. */
export function createSubscriptionTokens(key: Uint8Array): SubscriptionTokens {
  const make: SubscriptionTokens['make'] = (purpose, subscription) => {
    // An unsubscribe link works as long as the subscription is there, whatever else changes.
    const since = purpose === 'confirm' ? subscription.createdAt : 0
    const seal = createHmac('sha256', key).update(JSON.stringify([purpose, subscriptionArn(subscription), since]))
    return subscription.id.replaceAll('-', '') + seal.digest('hex')
  }
  return {
    make,
    isGood(purpose, subscription, token) {
      const expected = Buffer.from(make(purpose, subscription))
      const given = Buffer.from(token)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
    subscriptionIdOf: (token) =>
      /^[0-9a-f]{96}$/.test(token)
        ? token.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
        : undefined,
  }
}
