import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import { goTo } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { DeniedPanel } from './denied-panel.tsx'
import { HealthPanel } from './health-panel.tsx'
import { NumbersPanel } from './numbers-panel.tsx'
import { ServicesPanel } from './services-panel.tsx'
import { TopPanel } from './top-panel.tsx'
import { failures } from './dashboard-searches.ts'
import '../timelines/timelines.css'
import './dashboard.css'

const ranges = [
  { id: '-1h', text: '1 hour', hours: 1 },
  { id: '-12h', text: '12 hours', hours: 12 },
  { id: '-24h', text: '24 hours', hours: 24 },
  { id: '-7d', text: '7 days', hours: 168 },
  { id: '-30d', text: '30 days', hours: 720 },
  { id: '-90d', text: '90 days', hours: 2_160 },
]
const defaultRange = ranges[2]!

/** What happens, what fails, who does it, and whether all of it arrives. */
export default function DashboardPage({ from: asked }: { readonly from: string | undefined }) {
  const { session } = useSession()
  const range = ranges.find(({ id }) => id === asked) ?? defaultRange
  const from = range.id
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Each number leads to the events behind it."
          actions={
            <SegmentedControl
              selectedId={from}
              label="Time"
              options={ranges.map(({ id, text }) => ({ id, text }))}
              onChange={({ detail }) => goTo('/dashboard', { from: detail.selectedId }, { replace: true })}
            />
          }
        >
          Dashboard
        </Header>
      }
    >
      <div className="dashboard">
        <NumbersPanel from={from} />
        <ServicesPanel from={from} spanMs={range.hours * 3_600_000} />
        <TopPanel title="Users" attribute="username" from={from} parts={[]} empty="Nobody did anything." />
        <TopPanel title="Errors" attribute="errorCode" from={from} parts={[failures]} empty="No call failed." />
        <DeniedPanel from={from} />
        {session.principal.role !== 'producer' && <HealthPanel />}
      </div>
    </ContentLayout>
  )
}
