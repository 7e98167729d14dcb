import { logFileKey, parseLogFileKey } from '../delivery/index.ts'
import {
  contentAt,
  edit,
  expect,
  logsAt,
  objectAt,
  put,
  remove,
  renamedLog,
  rowOf,
  type Damage,
  type DamageTarget,
  type Expected,
} from './damage-target.testing.ts'
import { parseDigestKey } from './digest-key.ts'
import type { Place } from './fetched.ts'
import { zip } from './objects.testing.ts'

/** Damages the log files of one digest. */
const toLogs = (name: string, act: (target: DamageTarget, logs: readonly [Place, Place]) => Expected[]): Damage => ({
  name,
  reach: 'row',
  apply(target) {
    const [one, other] = logsAt(target.objects, ...(rowOf(target, 1) ?? []))
    return one && other && act(target, [one, other])
  },
})

export const logFileDamages: readonly Damage[] = [
  toLogs('one character of a log file is changed', ({ objects }, [log]) => {
    edit(objects, log, (content) => content.toString().replace('1.11', '1.10'))
    return expect('log-file-hash-differs', log)
  }),
  toLogs('the records of a log file are removed', ({ objects }, [log]) => {
    edit(objects, log, () => '{"Records":[]}')
    return expect('log-file-hash-differs', log)
  }),
  toLogs('a log file is empty', ({ objects }, [log]) => {
    put(objects, log, { body: new Uint8Array() })
    return expect('log-file-format', log)
  }),
  toLogs('a log file is deleted', ({ objects }, [log]) => {
    remove(objects, log)
    return expect('log-file-not-found', log)
  }),
  {
    name: 'all log files of two hours are deleted',
    reach: 'row',
    apply(target) {
      const row = rowOf(target, 2)
      if (!row) return undefined
      const logs = logsAt(target.objects, ...row)
      remove(target.objects, ...logs)
      return expect('log-file-not-found', ...logs)
    },
  },
  toLogs('a log file is cut short', ({ objects }, [log]) => {
    put(objects, log, { body: objectAt(objects, log).body.slice(0, -12) })
    return expect('log-file-format', log)
  }),
  toLogs('the checksum of a log file is changed', ({ objects }, [log]) => {
    const body = Uint8Array.from(objectAt(objects, log).body)
    body[body.length - 6]! ^= 1
    put(objects, log, { body })
    return expect('log-file-format', log)
  }),
  toLogs('a log file is stored uncompressed', ({ objects }, [log]) => {
    put(objects, log, { body: contentAt(objects, log) })
    return expect('log-file-format', log)
  }),
  toLogs('bytes are appended to a log file', ({ objects }, [log]) => {
    put(objects, log, { body: Buffer.concat([objectAt(objects, log).body, Buffer.from([0])]) })
    return expect('log-file-trailing-data', log)
  }),
  toLogs('records are appended to a log file as a second gzip member', ({ objects }, [log]) => {
    put(objects, log, { body: Buffer.concat([objectAt(objects, log).body, zip('{"Records":[{}]}')]) })
    return expect('log-file-trailing-data', log)
  }),
  toLogs('a log file is compressed anew, which is harmless', ({ objects }, [log]) => {
    put(objects, log, { body: zip(contentAt(objects, log), 0) })
    return []
  }),
  toLogs('two log files are swapped', ({ objects }, [one, other]) => {
    const [first, second] = [objectAt(objects, one), objectAt(objects, other)]
    put(objects, one, second)
    put(objects, other, first)
    return expect('log-file-hash-differs', one, other)
  }),
  toLogs('a log file is renamed', ({ objects }, [log]) => {
    put(objects, renamedLog(log), objectAt(objects, log))
    remove(objects, log)
    return [...expect('log-file-not-found', log), ...expect('log-file-unlisted', renamedLog(log))]
  }),
  toLogs('a log file is inserted', ({ objects }, [log]) => {
    put(objects, renamedLog(log), { body: zip('{"Records":[{"eventName":"Invented"}]}') })
    return expect('log-file-unlisted', renamedLog(log))
  }),
  {
    name: 'a log file is inserted that seems newer than the last digest',
    reach: 'chain',
    apply({ objects, chain }) {
      const newest = parseDigestKey(chain.at(-1)?.key ?? '')
      const [log] = logsAt(objects, ...chain)
      const name = log && parseLogFileKey(log.key)
      if (!newest || !name) return undefined
      const plannedAt = newest.endTime + 10 * 60_000
      const place = { bucket: log.bucket, key: logFileKey({ ...name, unique: 'A0b1C2d3E4f5G6h7', plannedAt }) }
      put(objects, place, objectAt(objects, log))
      return expect('log-file-not-yet-digested', place)
    },
  },
  toLogs('a file without a log file’s name is inserted', ({ objects }, [log]) => {
    const place = { bucket: log.bucket, key: `${log.key}.bak` }
    put(objects, place, objectAt(objects, log))
    return expect('object-unknown', place)
  }),
  toLogs('a log file is inserted in the folder of another day', ({ objects }, [log]) => {
    const place = { bucket: log.bucket, key: log.key.replace(/\/\d\d\/(?=[^/]*$)/, '/32/') }
    put(objects, place, objectAt(objects, log))
    return expect('log-file-unlisted', place)
  }),
  {
    name: 'a log file is copied into another Region’s folder',
    reach: 'chain',
    apply({ objects, chain, others }) {
      const source = logsAt(objects, ...chain)[0]
      const log = others.map((other) => logsAt(objects, ...other.slice(1, -1))[0]).find((log) => log !== undefined)
      if (!source || !log) return undefined
      put(objects, renamedLog(log), objectAt(objects, source))
      return expect('log-file-unlisted', renamedLog(log))
    },
  },
]
