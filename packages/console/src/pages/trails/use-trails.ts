import type { ApiDigestPage, ApiLogFilePage } from '@opentrail/core/api'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { callTrails, type Trail, type TrailStatus } from '../../api/trail-operations.ts'
import { goTo } from '../../shell/place.ts'
import { useSession } from '../../shell/session.tsx'
import { eachOf } from './each-of.ts'

/** Trails of one Region, those of others that act in it among them; or of all Regions, which is a call, and a recorded event, for each. */
export function useTrails(region: string, everywhere: boolean) {
  const { client, session } = useSession()
  const regions = everywhere ? session.regions : [region]
  return useQuery({
    queryKey: ['trails', regions],
    queryFn: async ({ signal }) => {
      const lists = await eachOf(regions, (own) => callTrails(client, 'DescribeTrails', {}, { region: own, signal }))
      const trails = new Map(lists.flatMap(({ trailList }) => trailList).map((trail) => [trail.TrailARN, trail]))
      return [...trails.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1))
    },
  })
}

/** How a trail does in each of the Regions. */
export function useTrailStatus(trail: Pick<Trail, 'TrailARN'> | undefined, regions: readonly string[]) {
  const { client } = useSession()
  return useQuery({
    queryKey: ['trail-status', trail?.TrailARN, regions],
    enabled: trail !== undefined,
    refetchInterval: 30_000,
    queryFn: ({ signal }) =>
      eachOf(regions, async (region): Promise<{ readonly region: string; readonly status: TrailStatus }> => {
        const status = await callTrails(client, 'GetTrailStatus', { Name: trail?.TrailARN ?? '' }, { region, signal })
        return { region, status }
      }),
  })
}

/** Undefined data: there is no such trail. */
export function useTrail(arn: string) {
  const { client } = useSession()
  const region = arn.split(':')[3] ?? ''
  return useQuery({
    queryKey: ['trail', arn],
    queryFn: async ({ signal }) => {
      const options = { region, signal }
      const { trailList } = await callTrails(client, 'DescribeTrails', { trailNameList: [arn] }, options)
      const [trail] = trailList
      if (!trail) return null
      return { trail, selectors: await callTrails(client, 'GetEventSelectors', { TrailName: arn }, options) }
    },
  })
}

/** After this everything about trails is asked again. */
export function useTrailChange() {
  const { client } = useSession()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({
      operation,
      trail,
    }: {
      readonly operation: 'StartLogging' | 'StopLogging' | 'DeleteTrail'
      readonly trail: Trail
    }) => callTrails(client, operation, { Name: trail.TrailARN }, { region: trail.HomeRegion }),
    onSuccess: async (_, { operation }) => {
      // First: the page of a trail that is not there any more goes, and all that it would do afterwards with it.
      if (operation === 'DeleteTrail') goTo('/trails')
      await forgetTrails(queries)
    },
  })
}

export const forgetTrails = (queries: ReturnType<typeof useQueryClient>) =>
  Promise.all(['trails', 'trail', 'trail-status'].map((name) => queries.invalidateQueries({ queryKey: [name] })))

const pageSize = 50

export function useLogFiles(arn: string, region: string) {
  const { client } = useSession()
  return useInfiniteQuery({
    queryKey: ['log-files', arn, region],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam: cursor }) =>
      client.get<ApiLogFilePage>(
        `/api/v1/trails/${encodeURIComponent(arn)}/files`,
        { region, limit: pageSize, cursor },
        signal,
      ),
    getNextPageParam: ({ cursor }) => cursor,
  })
}

/** Digests are read and checked for each answer, so there are fewer. */
const digestsPage = 24

export function useDigests(arn: string, region: string) {
  const { client } = useSession()
  return useInfiniteQuery({
    queryKey: ['digests', arn, region],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam: cursor }) =>
      client.get<ApiDigestPage>(
        `/api/v1/trails/${encodeURIComponent(arn)}/digests`,
        { region, limit: digestsPage, cursor },
        signal,
      ),
    getNextPageParam: ({ cursor }) => cursor,
  })
}
