import { contentAt, digestAt, edit, objectAt, put, remove } from '../digest/damage-target.testing.ts'
import type { Place } from '../digest/index.ts'
import { zip } from '../digest/objects.testing.ts'
import { putManifest } from './clean-stream.testing.ts'
import {
  expect,
  logsOf,
  manifestAt,
  partsAt,
  toMiddle,
  type ManifestDamage,
  type ManifestTarget,
} from './damage-tools.testing.ts'

const toPart = (name: string, act: (target: ManifestTarget, part: Place) => ReturnType<ManifestDamage['apply']>) =>
  toMiddle(name, (target, [part]) => act(target, part))

const deletions: readonly ManifestDamage[] = [
  {
    name: 'the newest manifest is deleted',
    apply({ objects, digests }) {
      const parts = partsAt(objects, digests.at(-1)!)
      remove(objects, ...parts)
      return expect('manifest-missing', parts[0]!)
    },
  },
  {
    name: 'the two newest manifests are deleted',
    apply({ objects, digests }) {
      const parts = digests.slice(-2).flatMap((digest) => partsAt(objects, digest))
      remove(objects, ...parts)
      return expect('manifest-missing', parts.at(-1)!)
    },
  },
  toMiddle('a manifest is deleted', ({ objects }, parts, digest) => {
    remove(objects, ...partsAt(objects, digest))
    return expect('manifest-missing', parts[0])
  }),
  toMiddle('a part of a manifest is deleted', ({ objects }, [, other]) => {
    remove(objects, other)
    return expect('manifest-missing', other)
  }),
  {
    name: 'all manifests are deleted',
    apply({ objects, digests }) {
      const parts = digests.flatMap((digest) => partsAt(objects, digest))
      const [newest] = partsAt(objects, digests.at(-1)!)
      remove(objects, ...parts)
      return expect('no-manifests', newest!)
    },
  },
  {
    name: 'the oldest manifests are deleted',
    apply({ objects, digests }) {
      const [first, second] = digests.slice(0, 2).map((digest) => partsAt(objects, digest))
      remove(objects, ...first!, ...second!)
      return expect('manifest-missing', first![0]!, second![0]!)
    },
  },
  toMiddle('a log file is deleted', (target, [part]) => {
    const [log] = logsOf(target, part)
    remove(target.objects, log!)
    return [...expect('log-file-not-found', log!), ...expect('range-unproven', part)]
  }),
  toMiddle('a record is removed from a log file', (target, [part]) => {
    const [log] = logsOf(target, part)
    edit(target.objects, log!, (content) => content.toString().replace(/\{"eventVersion".*?\},/, ''))
    return [...expect('log-file-hash-differs', log!), ...expect('range-unproven', part)]
  }),
]

const contents: readonly ManifestDamage[] = [
  toPart('a manifest is changed', ({ objects }, part) => {
    edit(objects, part, (content) => content.toString().replace('"isMultiRegion":true', '"isMultiRegion":false'))
    return expect('signature-invalid', part)
  }),
  toPart('a manifest is no JSON', ({ objects }, part) => {
    edit(objects, part, (content) => content.subarray(1))
    return expect('manifest-unreadable', part)
  }),
  toPart('a manifest is cut short', ({ objects }, part) => {
    put(objects, part, { body: objectAt(objects, part).body.slice(0, -40) })
    return expect('manifest-unreadable', part)
  }),
  toPart('bytes are appended to a manifest', ({ objects }, part) => {
    put(objects, part, { body: Buffer.concat([objectAt(objects, part).body, Buffer.from('x')]) })
    return expect('manifest-trailing-data', part)
  }),
  toPart('a manifest is compressed anew, which is harmless', ({ objects }, part) => {
    put(objects, part, { body: zip(contentAt(objects, part), 0) })
    return []
  }),
  toPart('the signature is removed', ({ objects }, part) => {
    put(objects, part, { metadata: {} })
    return expect('signature-missing', part)
  }),
  toPart('a manifest is signed with another key', ({ objects, foreignKey }, part) => {
    putManifest(objects, manifestAt(objects, part), foreignKey)
    return expect('signature-invalid', part)
  }),
  toPart('a manifest names the other key that it is signed with', ({ objects, foreignKey }, part) => {
    putManifest(objects, { ...manifestAt(objects, part), publicKeyFingerprint: foreignKey.fingerprint }, foreignKey)
    return expect('wrong-key', part)
  }),
  toPart('a manifest gets the signature of its digest', ({ objects, digests }, part) => {
    put(objects, part, { metadata: objectAt(objects, digests[2]!).metadata })
    return expect('signature-invalid', part)
  }),
]

const displacements: readonly ManifestDamage[] = [
  toMiddle('two parts are swapped', ({ objects }, [one, other]) => {
    const [first, second] = [objectAt(objects, one), objectAt(objects, other)]
    put(objects, one, second)
    put(objects, other, first)
    // What follows an unbelievable part is not looked at.
    return expect('manifest-foreign', one).concat(expect('signature-invalid', one))
  }),
  {
    name: 'an older manifest is played again',
    apply({ objects, digests }) {
      const [newest] = partsAt(objects, digests.at(-1)!)
      const [older] = partsAt(objects, digests.at(-3)!)
      if (!newest || !older) return undefined
      put(objects, newest, objectAt(objects, older))
      return [...expect('digest-mismatch', newest), ...expect('signature-invalid', newest)]
    },
  },
  ...[0, 1].map((other): ManifestDamage => ({
    name: `the manifest of another ${['trail', 'Region'][other]} is put in place of one`,
    apply({ objects, digests, others }) {
      const [newest] = partsAt(objects, digests.at(-1)!)
      const source = others[other]?.at(-1)
      const [foreign] = source ? partsAt(objects, source) : []
      if (!newest || !source || !foreign) return undefined
      const isSameKey =
        digestAt(objects, source).digestPublicKeyFingerprint ===
        digestAt(objects, digests.at(-1)!).digestPublicKeyFingerprint
      put(objects, newest, objectAt(objects, foreign))
      return [
        ...expect('manifest-foreign', newest),
        ...expect('digest-mismatch', newest),
        ...expect(isSameKey ? 'signature-invalid' : 'wrong-key', newest),
      ]
    },
  })),
]

/** All that whoever may write to the buckets can do to manifests. */
export const outsiderManifestDamages: readonly ManifestDamage[] = [...deletions, ...contents, ...displacements]
