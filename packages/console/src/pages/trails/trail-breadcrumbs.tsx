import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group'
import { trailHref, trailName } from './trail-places.ts'

/** `Trails > audit > Edit` */
export const TrailBreadcrumbs = ({ arn, page }: { readonly arn?: string; readonly page?: string }) => (
  <BreadcrumbGroup
    ariaLabel="Where this page is"
    items={[
      { text: 'Trails', href: '#/trails' },
      ...(arn === undefined ? [] : [{ text: trailName(arn), href: trailHref(arn) }]),
      ...(page === undefined ? [] : [{ text: page, href: '#' }]),
    ]}
  />
)
