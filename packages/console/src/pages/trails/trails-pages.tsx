import { lazy } from 'react'
import type { Place } from '../../shell/place.ts'
import './trails.css'
import { TrailPage } from './trail-page.tsx'
import { TrailsPage } from './trails-page.tsx'

const CreateTrailPage = lazy(() => import('./create-trail-page.tsx'))
const EditTrailPage = lazy(() => import('./edit-trail-page.tsx'))
const LogFilePage = lazy(() => import('./log-file-page.tsx'))

/** `/trails`, `/trails/create`, `/trails/<ARN>`, `/trails/<ARN>/edit`, `/trails/<ARN>/file?bucket=&key=` */
export default function TrailsPages({ place: { path, parameters } }: { readonly place: Place }) {
  const [, , subject = '', view] = path.split('/')
  const arn = decodeURIComponent(subject)
  if (subject === '') return <TrailsPage />
  if (subject === 'create') return <CreateTrailPage />
  if (view === 'edit') return <EditTrailPage key={arn} arn={arn} step={parameters['step'] === 'events' ? 1 : 0} />
  const { bucket = '', key = '' } = parameters
  if (view === 'file') return <LogFilePage key={key} arn={arn} bucket={bucket} objectKey={key} />
  return <TrailPage key={arn} arn={arn} tab={parameters['tab'] ?? 'overview'} />
}
