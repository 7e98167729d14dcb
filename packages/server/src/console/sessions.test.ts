import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { AccountId } from '@opentrail/core/event'
import { systemRandom } from '../clock/index.ts'
import { createConsoleSessions, linkMs, sessionMs, type SessionUser } from './sessions.ts'

const admin: SessionUser = {
  account: '111122223333' as AccountId,
  userName: 'admin',
  userId: 'AIDAADMIN',
  arn: 'arn:aws:iam::111122223333:user/admin',
  role: 'administrator',
}

function start() {
  const state = { now: 1_700_000_000_000, administrator: admin as SessionUser | undefined }
  const sessions = createConsoleSessions({
    random: systemRandom,
    wall: () => state.now,
    administrator: (userName) =>
      userName === undefined || userName === state.administrator?.userName ? state.administrator : undefined,
  })
  return { state, sessions }
}

describe('a link', () => {
  test('opens one session, for the administrator, with credentials of its own', () => {
    const { sessions } = start()
    const token = sessions.newLink()
    assert.match(token, /^[\w-]{43}$/)
    const session = sessions.redeem(token)!
    assert.match(session.accessKeyId, /^ASIA[A-Z2-7]{16}$/)
    assert.equal(session.principal.arn, admin.arn)
    assert.deepEqual(session.principal.session, { createdAt: '2023-11-14T22:13:20.000Z' })
    assert.equal(sessions.redeem(token), undefined, 'used')
    assert.equal(sessions.redeem(`${token.slice(0, -1)}_`), undefined)
    assert.equal(sessions.redeem(''), undefined)
  })

  test('is of no use after its time, nor once there are many newer ones', () => {
    const { state, sessions } = start()
    const late = sessions.newLink()
    state.now += linkMs
    assert.equal(sessions.redeem(late), undefined)
    const old = sessions.newLink()
    for (let made = 0; made < 16; made++) sessions.newLink()
    assert.equal(sessions.redeem(old), undefined)
  })

  test('is not used up where there is no administrator', () => {
    const { state, sessions } = start()
    const token = sessions.newLink()
    state.administrator = undefined
    assert.equal(sessions.redeem(token), undefined)
    state.administrator = admin
    assert.ok(sessions.redeem(token))
  })
})

describe('a session', () => {
  test('is good until it ends, by itself or by its holder', () => {
    const { state, sessions } = start()
    const first = sessions.redeem(sessions.newLink())!
    const second = sessions.redeem(sessions.newLink())!
    assert.equal(sessions.credential(first.accessKeyId)?.sessionToken, first.sessionToken)
    sessions.end(first.accessKeyId)
    assert.equal(sessions.credential(first.accessKeyId), undefined)
    state.now = second.expiresAt - 1
    assert.ok(sessions.credential(second.accessKeyId))
    state.now = second.expiresAt
    assert.equal(sessions.credential(second.accessKeyId), undefined)
    assert.equal(second.expiresAt - 1_700_000_000_000, sessionMs)
  })

  test('ends with its user, with the role, and with another user under the same name', () => {
    for (const administrator of [undefined, { ...admin, userId: 'AIDAOTHER' }]) {
      const { state, sessions } = start()
      const session = sessions.redeem(sessions.newLink())!
      state.administrator = administrator
      assert.equal(sessions.credential(session.accessKeyId), undefined)
      state.administrator = admin
      assert.equal(sessions.credential(session.accessKeyId), undefined, 'for ever')
    }
  })

  test('ends when there are too many of them', () => {
    const { sessions } = start()
    const first = sessions.redeem(sessions.newLink())!
    for (let made = 0; made < 256; made++) sessions.redeem(sessions.newLink())
    assert.equal(sessions.credential(first.accessKeyId), undefined)
  })
})
