import assert from 'node:assert/strict'
import { describe, test } from 'vitest'
import type { AccountId } from '@opentrail/core/event'
import { createMemoryControlStore, type ControlStore, type FaultPoint } from '../control/index.ts'
import type { ApiCall } from '../selftrail/index.ts'
import type { Accounts } from './accounts.ts'
import { account, owner, start } from './accounts.testing.ts'
import type { AccessKeyDocument, UserDocument } from './documents.ts'

const user = { account, userName: 'kim' }

/** Does everything once; with `attempt` deciding what happens to failures. */
async function script(accounts: Accounts, attempt: <T>(act: () => Promise<T>) => Promise<T | undefined>) {
  await attempt(() => accounts.createAccount(owner, { accountId: account }))
  await attempt(() => accounts.createUser(owner, { ...user, role: 'administrator' }))
  const key = await attempt(() => accounts.createAccessKey(owner, { ...user, kind: 'signature' }))
  await attempt(() => accounts.createAccessKey(owner, { ...user, kind: 'bearer' }))
  if (key) {
    const name = { ...user, accessKeyId: key.accessKeyId }
    await attempt(() => accounts.updateAccessKey(owner, { ...name, status: 'Inactive' }))
    await attempt(() => accounts.deleteAccessKey(owner, name))
  }
  await attempt(() => accounts.createUser(owner, { account, userName: 'lee', role: 'auditor' }))
  await attempt(() => accounts.deleteUser(owner, { account, userName: 'lee' }))
}

/** The judge: what is stored hangs together, and every change has its event and every event its change. */
async function assertWhole(control: ControlStore): Promise<void> {
  const users = await control.list<UserDocument>('accounts/user/')
  const keys = await control.list<AccessKeyDocument>('accounts/key/')
  const accounts = await control.list<{ id: string; changes: number }>('accounts/account/')
  for (const { value } of keys)
    assert.ok(
      users.some((owner) => owner.value.account === value.account && owner.value.userName === value.userName),
      `key ${value.accessKeyId} has no user`,
    )
  for (const { value } of users) assert.ok(accounts.some(({ value: { id } }) => id === value.account))
  const events = (await control.list<ApiCall>('outbox/')).map(({ value }) => value)
  const made = (name: string) => events.filter((event) => event.eventName === name && !event.errorCode).length
  assert.equal(accounts.length, made('CreateAccount'))
  assert.equal(users.length, made('CreateUser') - made('DeleteUser'))
  assert.equal(keys.length, made('CreateAccessKey') - made('DeleteAccessKey'))
  const changes = ['CreateUser', 'DeleteUser', 'CreateAccessKey', 'UpdateAccessKey', 'DeleteAccessKey']
  if (accounts[0])
    assert.equal(
      accounts[0].value.changes,
      changes.reduce((sum, name) => sum + made(name), 0),
    )
}

/** What the process believes is what the next one finds. */
async function assertSame(running: Accounts, control: ControlStore): Promise<void> {
  const { accounts: found } = await start(control)
  assert.deepEqual([...running.accountIds], [...found.accountIds])
  const keys = await control.list<AccessKeyDocument>('accounts/key/')
  for (const { value } of keys)
    assert.deepEqual(running.accessKey(value.accessKeyId), found.accessKey(value.accessKeyId))
}

describe('a transaction that fails', () => {
  test.each(['before', 'after'] satisfies FaultPoint[])('%s it took effect leaves everything whole', async (point) => {
    for (let failing = 1; failing <= 9; failing++) {
      let transaction = 0
      // The first one is the key ring's.
      const control = createMemoryControlStore({ fault: () => (transaction++ === failing ? point : undefined) })
      const { accounts } = await start(control)
      let failures = 0
      await script(accounts, (act) =>
        act().catch(() => {
          failures++
          return undefined
        }),
      )
      assert.ok(failures >= 1 || transaction <= failing, `transaction ${failing}`)
      await assertWhole(control)
      await assertSame(accounts, control)
    }
  })

  test('whose outcome cannot even be read keeps the next act from deciding on what it does not know', async () => {
    let fault: FaultPoint | undefined
    const base = createMemoryControlStore({ fault: () => fault })
    let readable = true
    const control: ControlStore = {
      ...base,
      get: (key) => (readable ? base.get(key) : Promise.reject(new Error('unreachable'))),
    }
    const { accounts } = await start(control)
    await accounts.createAccount(owner, { accountId: account })
    fault = 'after'
    readable = false
    await assert.rejects(accounts.createUser(owner, { ...user, role: 'auditor' }))
    fault = undefined
    await assert.rejects(accounts.createUser(owner, { ...user, role: 'auditor' }), /unreachable/)
    readable = true
    await assert.rejects(accounts.createUser(owner, { ...user, role: 'auditor' }), /already exists/)
    assert.equal((await accounts.listUsers(owner, account)).length, 1)
    await assertWhole(base)
  })
})

describe('a crash', () => {
  test('at any transaction leaves everything whole for the next process', async () => {
    for (let last = 1; last <= 9; last++) {
      let transactions = 0
      const control = createMemoryControlStore({
        commitDelay: () => (transactions++ >= last ? new Promise(() => {}) : Promise.resolve()),
      })
      const { accounts } = await start(control)
      const finished = script(accounts, (act) => act())
      const stuck = new Promise<void>((resolve) => {
        const look = () => (transactions > last ? resolve() : setImmediate(look))
        look()
      })
      await Promise.race([finished, stuck])
      const next = control.crash()
      await assertWhole(next)
      const { accounts: found } = await start(next)
      assert.ok(await found.createAccount(owner, {}))
    }
  })

  test('at any point of the first start is finished by the next, with one account, user and key', async () => {
    for (let last = 1; last <= 4; last++) {
      let transactions = 0
      const control = createMemoryControlStore({ fault: () => (transactions++ === last ? 'before' : undefined) })
      const { accounts } = await start(control)
      const outcome = await accounts.bootstrap({ accountId: account }).catch(() => 'failed')
      assert.equal(outcome === 'failed', last <= 3, `transaction ${last}`)
      const next = control.crash()
      const { accounts: found } = await start(next)
      const first = await found.bootstrap({ accountId: '999999999999' as AccountId })
      if (outcome !== 'failed') assert.equal(first, undefined)
      else {
        assert.equal(first!.account, last === 1 ? '999999999999' : account)
        const credential = found.accessKey(first!.accessKeyId)!
        assert.equal(credential.secretAccessKey, first!.secretAccessKey)
        assert.equal(credential.principal.role, 'administrator')
      }
      assert.equal((await next.list('accounts/account/')).length, 1)
      assert.equal((await next.list('accounts/user/')).length, 1)
      assert.equal((await next.list('accounts/key/')).length, 1)
      assert.equal(await next.get('accounts/bootstrap'), undefined)
      assert.equal(await found.bootstrap({}), undefined)
      await assertWhole(next)
    }
  })
})

describe('the first start', () => {
  test('with fixed credentials gives exactly those', async () => {
    const { accounts, trail } = await start(createMemoryControlStore())
    const fixedCredentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const first = await accounts.bootstrap({ accountId: account, fixedCredentials })
    assert.deepEqual(first, { account, userName: 'admin', ...fixedCredentials })
    assert.equal(accounts.accessKey('test')!.secretAccessKey, 'test')
    assert.deepEqual(
      (await trail.events()).map(({ eventName }) => eventName),
      ['CreateAccount', 'CreateUser', 'CreateAccessKey'],
    )
  })

  test('does nothing where an account was made by hand', async () => {
    const { accounts } = await start(createMemoryControlStore())
    await accounts.createAccount(owner, {})
    assert.equal(await accounts.bootstrap({}), undefined)
  })
})

describe('two processes on one store', () => {
  test('that change the same account do not overlook each other', async () => {
    const control = createMemoryControlStore()
    const { accounts: first } = await start(control)
    await first.createAccount(owner, { accountId: account })
    await first.createUser(owner, { ...user, role: 'administrator' })
    await first.createUser(owner, { account, userName: 'lee', role: 'administrator' })
    const { accounts: second } = await start(control)
    await first.deleteUser(owner, user)
    await assert.rejects(second.deleteUser(owner, { account, userName: 'lee' }), /Another change was made/)
  })
})
