import { hash } from 'node:crypto'
import type { AccountId } from '@opentrail/core/event'
import { element, type Markup } from './xml.ts'

/** S3 knows owners by a canonical user id of 64 hexadecimal digits: ours is made from the account's id. */
export const canonicalUserId = (account: AccountId): string => hash('sha256', `opentrail account ${account}`, 'hex')

export const ownerElement = (account: AccountId): Markup =>
  element('Owner', [element('ID', canonicalUserId(account)), element('DisplayName', account)])
