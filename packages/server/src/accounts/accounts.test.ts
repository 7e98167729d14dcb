import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'vitest'
import type { AccountId } from '@opentrail/core/event'
import { createMemoryControlStore, type MemoryControlStore } from '../control/index.ts'
import { JournalFullError } from '../journal/index.ts'
import type { Accounts } from './accounts.ts'
import { account, now, owner, refused, start } from './accounts.testing.ts'
import type { AccessKeyKind, AccessKeyStatus } from './documents.ts'
import type { FakeTrail } from './fake-trail.testing.ts'
import type { Role } from './principal.ts'

const user = { account, userName: 'kim' }
let control: MemoryControlStore
let accounts: Accounts
let trail: FakeTrail
beforeEach(async () => {
  control = createMemoryControlStore()
  ;({ accounts, trail } = await start(control))
})
const keyOf = (id: string) => `accounts/key/${account}/kim/${id}`
const makeUser = async () => {
  await accounts.createAccount(owner, { accountId: account, name: 'main' })
  return accounts.createUser(owner, { ...user, role: 'auditor' })
}
const lastEvent = async () => (await trail.events()).at(-1)!

describe('credentials', () => {
  test('a signature key is known from the moment it is created, also after a restart', async () => {
    const { userId, arn } = await makeUser()
    const key = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    assert.match(key.accessKeyId, /^AKIA[A-Z2-7]{16}$/)
    assert.match(userId, /^AIDA[A-Z2-7]{16}$/)
    assert.match(key.secret, /^[\w+/]{40}$/)
    assert.equal(arn, 'arn:aws:iam::111122223333:user/kim')
    const principal = { ...user, userId, arn, role: 'auditor', accessKeyId: key.accessKeyId }
    const expected = { principal, secretAccessKey: key.secret }
    assert.deepEqual(accounts.accessKey(key.accessKeyId), expected)
    assert.deepEqual((await start(control)).accounts.accessKey(key.accessKeyId), expected)
    assert.equal(accounts.accessKey('AKIAUNKNOWN'), undefined)
    assert.equal(accounts.bearer(key.accessKeyId), undefined)
  })

  test('a bearer token is known by its hash alone, and only whole', async () => {
    await makeUser()
    const { secret, accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'bearer' })
    assert.match(secret, new RegExp(`^otb_${accessKeyId}_[\\w-]{40}$`))
    for (const opened of [accounts, (await start(control)).accounts]) {
      assert.equal(opened.bearer(secret)?.userName, 'kim')
      assert.equal(opened.accessKey(accessKeyId), undefined, 'a token’s id signs nothing')
      const changed = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')
      for (const wrong of [changed, secret.slice(0, -1), `${secret}A`, `x${secret}`, '', 'otb_'])
        assert.equal(opened.bearer(wrong), undefined, wrong)
    }
  })

  test('no secret lies in the store or in an event', async () => {
    await makeUser()
    const keys = [
      await accounts.createAccessKey(owner, { ...user, kind: 'signature' }),
      await accounts.createAccessKey(owner, { ...user, kind: 'bearer' }),
    ]
    const stored = JSON.stringify([await control.list(''), await trail.events()])
    for (const { secret } of keys) {
      assert.ok(!stored.includes(secret))
      assert.ok(!stored.includes(Buffer.from(secret).toString('base64')))
      assert.ok(!stored.includes(secret.slice(-40)))
    }
  })

  test('status, deletion and role take effect at once', async () => {
    await makeUser()
    const { accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const name = { ...user, accessKeyId }
    await accounts.updateAccessKey(owner, { ...name, status: 'Inactive' })
    assert.equal(accounts.accessKey(accessKeyId), undefined)
    assert.equal((await accounts.listAccessKeys(owner, user))[0]!.status, 'Inactive')
    await accounts.updateAccessKey(owner, { ...name, status: 'Active' })
    await accounts.updateUser(owner, { ...user, role: 'administrator' })
    assert.equal(accounts.accessKey(accessKeyId)!.principal.role, 'administrator')
    await accounts.deleteAccessKey(owner, name)
    assert.equal(accounts.accessKey(accessKeyId), undefined)
    assert.deepEqual(await accounts.listAccessKeys(owner, user), [])
  })

  test('the grant for all accounts is its own, lasts until it is taken away, and is known after a restart', async () => {
    await makeUser()
    // The last administrator could not become an auditor again.
    await accounts.createUser(owner, { ...user, userName: 'lee', role: 'administrator' })
    const { accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const grant = async () => [
      accounts.accessKey(accessKeyId)?.principal.allAccounts,
      (await start(control)).accounts.accessKey(accessKeyId)?.principal.allAccounts,
    ]
    assert.deepEqual(await grant(), [undefined, undefined])
    await accounts.updateUser(owner, { ...user, role: 'auditor', allAccounts: true })
    assert.deepEqual(await grant(), [true, true])
    const { requestParameters } = (await lastEvent()) as { requestParameters: unknown }
    assert.deepEqual(requestParameters, { UserName: 'kim', Role: 'auditor', AllAccounts: true })
    await accounts.updateUser(owner, { ...user, role: 'administrator' })
    assert.deepEqual(await grant(), [true, true])
    await accounts.updateUser(owner, { ...user, role: 'auditor', allAccounts: false })
    assert.deepEqual(await grant(), [undefined, undefined])
  })

  test('rotation gives a new key and makes the old one inactive', async () => {
    await makeUser()
    const old = await accounts.createAccessKey(owner, { ...user, kind: 'bearer' })
    const next = await accounts.rotateAccessKey(owner, { ...user, accessKeyId: old.accessKeyId })
    assert.equal(accounts.bearer(old.secret), undefined)
    assert.equal(accounts.bearer(next.secret)!.accessKeyId, next.accessKeyId)
    await assert.rejects(accounts.rotateAccessKey(owner, { ...user, accessKeyId: 'AKIA' }), refused('NoSuchEntity'))
    assert.equal((await accounts.listAccessKeys(owner, user)).length, 2)
  })

  test('a secret put in another key’s place does not open', async () => {
    await makeUser()
    const first = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const second = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const { value } = (await control.get<{ secret: string }>(keyOf(first.accessKeyId)))!
    const other = (await control.get<object>(keyOf(second.accessKeyId)))!.value
    await control.transact([{ key: keyOf(second.accessKeyId), value: { ...other, secret: value.secret } }])
    await assert.rejects(start(control), new RegExp(`secret of access key ${second.accessKeyId} cannot be opened`))
  })

  test('a key whose user is gone works no more', async () => {
    await makeUser()
    const { accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    await control.transact([{ key: `accounts/user/${account}/kim`, value: undefined }])
    assert.equal((await start(control)).accounts.accessKey(accessKeyId), undefined)
  })
})

describe('rules', () => {
  test('names, ids, roles, kinds and states are checked', async () => {
    await makeUser()
    const { accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const attempts = [
      () => accounts.createAccount(owner, { accountId: '12345678901' }),
      () => accounts.createAccount(owner, { accountId: '12345678901a' }),
      () => accounts.createAccount(owner, { name: 'ä' }),
      () => accounts.createAccount(owner, { name: 'x'.repeat(51) }),
      () => accounts.createUser(owner, { account, userName: '', role: 'auditor' }),
      () => accounts.createUser(owner, { account, userName: 'a/b', role: 'auditor' }),
      () => accounts.createUser(owner, { account, userName: 'ä', role: 'auditor' }),
      () => accounts.createUser(owner, { account, userName: 'x'.repeat(65), role: 'auditor' }),
      () => accounts.createUser(owner, { account, userName: 'lee', role: 'root' as Role }),
      () => accounts.createUser(owner, { account: '1' as AccountId, userName: 'lee', role: 'auditor' }),
      () => accounts.updateUser(owner, { ...user, role: '__proto__' as Role }),
      () => accounts.createAccessKey(owner, { ...user, kind: 'other' as AccessKeyKind }),
      () => accounts.updateAccessKey(owner, { ...user, accessKeyId, status: 'active' as AccessKeyStatus }),
    ]
    for (const attempt of attempts) await assert.rejects(attempt(), refused('ValidationError'), String(attempt))
    await accounts.createUser(owner, { account, userName: 'Az_09+=,.@-', role: 'producer' })
  })

  test('what is not there is named', async () => {
    const missing = { account: '999999999999' as AccountId, userName: 'kim' }
    await assert.rejects(accounts.listUsers(owner, missing.account), refused('NoSuchEntity'))
    await makeUser()
    const key = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    await accounts.createUser(owner, { account, userName: 'lee', role: 'auditor' })
    const attempts = [
      () => accounts.createUser(owner, { ...missing, role: 'auditor' }),
      () => accounts.deleteUser(owner, { account, userName: 'nobody' }),
      () => accounts.createAccessKey(owner, { account, userName: 'nobody', kind: 'bearer' }),
      () => accounts.deleteAccessKey(owner, { ...user, accessKeyId: 'AKIANOTTHERE' }),
      () => accounts.deleteAccessKey(owner, { account, userName: 'lee', accessKeyId: key.accessKeyId }),
    ]
    for (const attempt of attempts) await assert.rejects(attempt(), refused('NoSuchEntity'), String(attempt))
  })

  test('nothing is made twice; names that differ in case only are the same', async () => {
    await makeUser()
    await assert.rejects(accounts.createAccount(owner, { accountId: account }), refused('EntityAlreadyExists'))
    for (const userName of ['kim', 'KIM'])
      await assert.rejects(
        accounts.createUser(owner, { account, userName, role: 'auditor' }),
        refused('EntityAlreadyExists'),
      )
    const both = await Promise.allSettled(
      ['lee', 'Lee'].map((userName) => accounts.createUser(owner, { account, userName, role: 'auditor' })),
    )
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    await accounts.createAccount(owner, { accountId: '222222222222' })
    await accounts.createUser(owner, { account: '222222222222' as AccountId, userName: 'kim', role: 'auditor' })
  })

  test('a user goes after its keys, the last administrator not at all', async () => {
    await makeUser()
    const { accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    await assert.rejects(accounts.deleteUser(owner, user), refused('DeleteConflict'))
    await accounts.deleteAccessKey(owner, { ...user, accessKeyId })
    await accounts.updateUser(owner, { ...user, role: 'administrator' })
    await assert.rejects(accounts.deleteUser(owner, user), refused('DeleteConflict'))
    await assert.rejects(accounts.updateUser(owner, { ...user, role: 'auditor' }), refused('DeleteConflict'))
    await accounts.createUser(owner, { account, userName: 'lee', role: 'administrator' })
    const both = await Promise.allSettled([
      accounts.deleteUser(owner, user),
      accounts.deleteUser(owner, { account, userName: 'lee' }),
    ])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal((await accounts.listUsers(owner, account)).length, 1)
  })

  test('a user has ten keys at most, however many are asked for at once', async () => {
    await makeUser()
    const attempts = Array.from({ length: 13 }, () => accounts.createAccessKey(owner, { ...user, kind: 'signature' }))
    const results = await Promise.allSettled(attempts)
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 10)
    await assert.rejects(attempts.at(-1)!, refused('LimitExceeded'))
  })

  test('the set of accounts is live', async () => {
    const ids = accounts.accountIds
    assert.equal(ids.size, 0)
    const { id, name } = await accounts.createAccount(owner, {})
    assert.match(id, /^[1-9]\d{11}$/)
    assert.equal(name, id)
    assert.deepEqual([...ids], [id])
    assert.deepEqual([...(await start(control)).accounts.accountIds], [id])
  })

  test('only administrators administer, and only their own account', async () => {
    await makeUser()
    const { accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const caller = () => ({ ...owner, principal: accounts.accessKey(accessKeyId)!.principal })
    await assert.rejects(accounts.listUsers(caller(), account), refused('AccessDenied'))
    const denied = await lastEvent()
    assert.equal(denied.errorCode, 'AccessDenied')
    assert.equal(denied.requestParameters, undefined)
    await accounts.updateUser(owner, { ...user, role: 'administrator' })
    assert.equal((await accounts.listUsers(caller(), account)).length, 1)
    assert.deepEqual((await lastEvent()).identity, { kind: 'user', principal: caller().principal })
    await accounts.createAccount(owner, { accountId: '222222222222' })
    await assert.rejects(accounts.listUsers(caller(), '222222222222' as AccountId), refused('AccessDenied'))
    // The role is the one of now, not of when the call was authenticated.
    const administrator = caller()
    await accounts.createUser(owner, { account, userName: 'lee', role: 'administrator' })
    await accounts.updateUser(owner, { ...user, role: 'auditor' })
    await assert.rejects(accounts.listUsers(administrator, account), refused('AccessDenied'))
  })
})

describe('events', () => {
  test('each act is one event in the leading Region, in the form of IAM', async () => {
    await makeUser()
    const key = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const name = { ...user, accessKeyId: key.accessKeyId }
    await accounts.updateAccessKey(owner, { ...name, status: 'Inactive' })
    await accounts.listUsers(owner, account)
    await accounts.listAccounts(owner)
    await accounts.deleteAccessKey(owner, name)
    await accounts.deleteUser(owner, user)
    const events = await trail.events()
    assert.deepEqual(
      events.map(({ eventSource, eventName, readOnly }) => `${eventSource.split('.')[0]} ${eventName} ${readOnly}`),
      [
        'organizations CreateAccount false',
        'iam CreateUser false',
        'iam CreateAccessKey false',
        'iam UpdateAccessKey false',
        'iam ListUsers true',
        'organizations ListAccounts true',
        'iam DeleteAccessKey false',
        'iam DeleteUser false',
      ],
    )
    for (const event of events) {
      assert.equal(event.region, 'us-east-1')
      assert.equal(event.requestId, owner.requestId)
      assert.deepEqual(event.identity, { kind: 'machine-owner', account })
    }
    assert.deepEqual(events[1]!.requestParameters, { UserName: 'kim', Role: 'auditor' })
    assert.deepEqual(events[2]!.requestParameters, { UserName: 'kim' })
    assert.deepEqual(events[2]!.responseElements, {
      AccessKey: {
        UserName: 'kim',
        AccessKeyId: key.accessKeyId,
        Status: 'Active',
        CreateDate: 'Jul 10, 2023 12:23:05 PM',
      },
    })
    assert.deepEqual(events[3]!.requestParameters, {
      UserName: 'kim',
      AccessKeyId: key.accessKeyId,
      Status: 'Inactive',
    })
    assert.equal(events[3]!.responseElements, undefined)
    assert.equal(new Date(now).toISOString(), '2023-07-10T12:23:05.000Z')
  })

  test('a refused act is an event with its error and its parameters', async () => {
    await makeUser()
    await assert.rejects(accounts.deleteUser(owner, { account, userName: 'nobody' }))
    const event = await lastEvent()
    assert.equal(event.eventName, 'DeleteUser')
    assert.equal(event.errorCode, 'NoSuchEntityException')
    assert.match(event.errorMessage!, /nobody cannot be found/)
    assert.deepEqual(event.requestParameters, { UserName: 'nobody' })
    assert.equal(event.responseElements, undefined)
  })

  test('what concerns an unknown account is recorded in the first', async () => {
    await makeUser()
    await assert.rejects(accounts.listUsers(owner, '999999999999' as AccountId))
    assert.deepEqual((await lastEvent()).identity, { kind: 'machine-owner', account })
  })

  test('without room for its event nothing is changed, listed or refused quietly', async () => {
    await makeUser()
    const { accessKeyId } = await accounts.createAccessKey(owner, { ...user, kind: 'signature' })
    const before = await control.list('')
    trail.refuseWith(new JournalFullError('full'))
    const attempts = [
      () => accounts.createUser(owner, { account, userName: 'lee', role: 'auditor' }),
      () => accounts.deleteAccessKey(owner, { ...user, accessKeyId }),
      () => accounts.listUsers(owner, account),
      () => accounts.deleteUser(owner, { account, userName: 'nobody' }),
    ]
    for (const attempt of attempts) await assert.rejects(attempt(), JournalFullError)
    assert.deepEqual(await control.list(''), before)
    assert.ok(accounts.accessKey(accessKeyId))
    trail.refuseWith(undefined)
    assert.equal((await accounts.listUsers(owner, account)).length, 1)
  })
})

test('an account’s administrator is known by name, or is its first, as long as it is one', async () => {
  await makeUser()
  assert.equal(accounts.administrator(account), undefined, 'an auditor is none')
  await accounts.createUser(owner, { account, userName: 'root', role: 'administrator' })
  assert.equal(accounts.administrator(account)?.userName, 'root')
  assert.equal(accounts.administrator(account, 'kim'), undefined)
  await accounts.updateUser(owner, { ...user, role: 'administrator' })
  assert.equal(accounts.administrator(account, 'kim')?.userName, 'kim')
  await accounts.updateUser(owner, { account, userName: 'root', role: 'producer' })
  assert.equal(accounts.administrator(account)?.userName, 'kim')
})
