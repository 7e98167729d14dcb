import { hash } from 'node:crypto'
import type { S3Call } from './s3-call.ts'
import { element, type Markup, xmlDocument } from './xml.ts'

/** S3 knows owners by a canonical user id of 64 hexadecimal digits: ours is made from the account's id. */
export const canonicalUserId = (account: string): string => hash('sha256', `opentrail account ${account}`, 'hex')

const identity = (account: string): Markup[] => [
  element('ID', canonicalUserId(account)),
  element('DisplayName', account),
]

export const ownerElement = (account: string): Markup => element('Owner', identity(account))

/** Whatever is in a bucket belongs to its owner, whoever began it. */
export const ownersOf = ({ owner }: S3Call): Markup[] => [element('Initiator', identity(owner)), ownerElement(owner)]

/** The canned ACL `private`, which all buckets and objects have. */
export function aclDocument(owner: string): string {
  const grantee = element('Grantee', identity(owner)).markup.replace(
    '<Grantee>',
    '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">',
  )
  const grant = element('Grant', [{ markup: grantee }, element('Permission', 'FULL_CONTROL')])
  return xmlDocument('AccessControlPolicy', [ownerElement(owner), element('AccessControlList', [grant])])
}
