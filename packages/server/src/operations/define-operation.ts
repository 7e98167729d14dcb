import type { Operation } from './operation.ts'
import { cloudTrailOperations } from './registry.ts'

/** An operation of the API's table, with its action and roles, and what it does. @throws {TypeError} no such operation. */
export function defineOperation(name: string, handle: Operation['handle']): Operation {
  const entry = cloudTrailOperations.find((each) => each.name === name)
  if (!entry) throw new TypeError(`${name} is not an operation of CloudTrail`)
  const { action, readOnly, roles } = entry
  return { name, action, readOnly, roles, handle }
}
