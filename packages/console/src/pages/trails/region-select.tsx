import Select from '@cloudscape-design/components/select'
import { useSession } from '../../shell/session.tsx'
import type { Trail } from '../../api/trail-operations.ts'

/** Which Region of a trail is looked at. Empty: all of them. */
export function RegionSelect({
  trail,
  region,
  allowsAll,
  onChange,
}: {
  readonly trail: Trail
  readonly region: string
  readonly allowsAll: boolean
  readonly onChange: (region: string) => void
}) {
  const { session } = useSession()
  if (!trail.IsMultiRegionTrail || session.regions.length < 2) return null
  const options = [
    ...(allowsAll ? [{ value: '', label: 'All Regions' }] : []),
    ...session.regions.map((name) => ({ value: name, label: name })),
  ]
  return (
    <Select
      ariaLabel="Region"
      selectedOption={options.find(({ value }) => value === region) ?? null}
      options={options}
      filteringType={options.length > 10 ? 'auto' : 'none'}
      onChange={({ detail }) => onChange(detail.selectedOption.value ?? '')}
    />
  )
}
