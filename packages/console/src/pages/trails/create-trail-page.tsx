import { useState } from 'react'
import { useSession } from '../../shell/session.tsx'
import { newSelectorForm } from './selector-form.ts'
import { newTrailForm } from './trail-form.ts'
import { TrailWizard } from './trail-wizard.tsx'

/** Buckets of all accounts share their names. */
const randomText = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, '0')).join('')

export default function CreateTrailPage() {
  const { session } = useSession()
  const [form] = useState(() => newTrailForm(session.principal.account, randomText()))
  return <TrailWizard initial={form} initialSelectors={newSelectorForm} firstStep={0} />
}
