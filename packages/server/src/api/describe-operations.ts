import { apiOperations, type ApiParts } from './api-routes.ts'
import { importDescription } from './import-description.ts'
import { errorsOf } from './openapi.ts'
import { subjectName, type DescribedCall } from './operation.ts'
import type { JsonSchema, Parameter } from './parameters.ts'

export interface DescribedParameter {
  readonly name: string
  readonly brief: string
  readonly isRequired: boolean
  readonly schema: JsonSchema
}

/** An operation as the reference shows it. */
export interface DescribedOperation {
  readonly method: string
  readonly path: string
  readonly eventName: string
  readonly brief: string
  readonly details?: string
  readonly takesBody: boolean
  /** Content types of the file that is the body. */
  readonly file?: readonly string[]
  readonly parameters: readonly DescribedParameter[]
  readonly errors: readonly (readonly [status: number, code: string])[]
}

/** All of our own API, for documents. Nothing is asked. */
export function describeOperations(): DescribedOperation[] {
  return [...apiOperations(nobody), importDescription].map((own: DescribedCall) => ({
    method: own.method,
    path: own.path,
    eventName: own.eventName,
    brief: own.brief,
    ...(own.details !== undefined && { details: own.details }),
    takesBody: own.body !== undefined,
    ...(own.file && { file: own.file }),
    parameters: [
      ...(own.subject ? [described(subjectName(own.path), own.subject)] : []),
      ...Object.entries(own.parameters).map(([name, parameter]) => described(name, parameter)),
    ],
    errors: errorsOf(own),
  }))
}

const described = (name: string, { brief, isRequired, schema }: Parameter<unknown>): DescribedParameter => ({
  name,
  brief,
  isRequired,
  schema,
})

/** Parts are for answers alone. */
const nobody = new Proxy({} as ApiParts, {
  get() {
    throw new Error('an operation that is only described needs no parts')
  },
})
