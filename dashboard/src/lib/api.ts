// The daemon's HTTP API as the dashboard uses it (docs/api.md): the shapes of its answers, and one way to call it.
// Times are seconds since 1970. Every error comes as problem details; what is no answer at all becomes one.

export type Action = 'allow' | 'observe' | 'price' | 'limit' | 'review';
/** From the mildest to the harshest. */
export const actions: readonly Action[] = ['allow', 'observe', 'price', 'limit', 'review'];
export type LabelName = 'honest' | 'extracting' | 'unclear';
export type Role = 'tap' | 'reader' | 'analyst' | 'admin';
export type Counts = Record<Action, number>;

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
}

export interface Me {
  id: string;
  role: Role;
  tenants: string[];
  all_tenants: boolean;
  version: string;
  atlas: string;
}

export interface Reason {
  channel: string;
  share: number;
}

export interface Label {
  label: LabelName;
  why: string;
  time: number;
  by: string;
}

export interface Override {
  action: Action;
  until: number;
  why: string;
}

export interface Minute {
  time: number;
  requests: number;
  poh: number[];
}

export interface Fallen {
  account: string;
  time: number;
  poh: number | null;
  action: Action;
}

export interface Overview {
  time: number;
  since: number;
  shadow: boolean;
  accounts: number;
  computed: number;
  actions: Counts;
  poh_edges: number[];
  poh: number[];
  minutes: Minute[];
  fell: Fallen[];
  /** False while accounts of before the daemon's start are still being read in. */
  filled: boolean;
  /** True where there are more accounts than are counted. */
  capped: boolean;
}

export interface Queued {
  account: string;
  time: number;
  requests: number;
  poh: number;
  action: Action;
  would_be: Action;
  reasons: Reason[];
  label: Label | null;
  override: Override | null;
  /** True where label or override cannot be read. */
  unread: boolean;
}

export interface Queue {
  accounts: Queued[];
  /** Accounts at price or worse, before labels are looked at. */
  total: number;
  truncated: boolean;
}

export interface Listed {
  account: string;
  /** Null, as records, where they cannot be read. */
  time: number | null;
  records: number | null;
  status: 'computed' | 'not_computed' | 'unknown' | 'damaged' | 'unavailable';
  requests?: number;
  poh?: number | null;
  action?: Action | null;
  /** The action without shadow mode. */
  would_be?: Action | null;
}

export interface AccountPage {
  accounts: Listed[];
  cursor: string | null;
}

/** That an account is a member of a flagged campaign. */
export interface Membership {
  id: string;
  poh: number | null;
  since: number;
  accounts: number;
  words: string;
}

/** Figures are null where a restart has forgotten them and nothing has judged it anew. */
export interface Campaign {
  id: string;
  state: 'flagged' | 'released';
  since: number;
  until: number | null;
  poh: number | null;
  poh_held: number | null;
  action: Action;
  would_be: Action;
  accounts: number;
  evidence: number | null;
  requests: number | null;
  charts: number | null;
  coverage: number | null;
  effective_charts: number | null;
  expected_charts: number | null;
  /** 0: all draw from one stream. */
  distance: number | null;
  distance_honest: number | null;
  breadth: number | null;
  /** Below 1: they avoid one another's charts. */
  overlap: number | null;
  /** Accounts of the community that all these figures are of, and how many of them are suspects by themselves. */
  community: number | null;
  suspects: number | null;
  words: string;
}

/** The flagged or released campaigns, and the fleet that is watched; `on` is false where the daemon has none. */
export interface Campaigns {
  on: boolean;
  time: number;
  filled: boolean;
  capped: boolean;
  level: number | null;
  poh_min: number | null;
  accounts: number;
  accounts_max: number | null;
  judged_accounts: number;
  judged_communities: number;
  poh_least: number | null;
  total: number;
  campaigns: Campaign[];
  cursor: string | null;
}

export interface Member {
  account: string;
  time: number;
  requests: number;
  distinct: number;
  charts: number;
  breadth: number;
  poh: number | null;
  action: Action;
}

export interface Graph {
  accounts: string[];
  /** [place, place, weight]: places in `accounts`. */
  links: [number, number, number][];
}

export interface CampaignDetail {
  campaign: Campaign;
  /** [chart, members that have seen it] */
  covered: [number, number][];
  ledger: { distinct: number; charts: number; charts_all: number; covered_mass: number } | null;
  graph: Graph;
  members: Member[];
  cursor: string | null;
}

export interface Account {
  account: string;
  atlas: string;
  status: 'computed' | 'not_computed';
  why: string | null;
  requests: number;
  poh: number | null;
  poh_min: number | null;
  requests_at_min: number | null;
  extrapolated: boolean | null;
  action: Action;
  price: number | null;
  reasons: Reason[] | null;
  coverage: number;
  confidence: number | null;
  completeness: number | null;
  decision: { action: Action; would_be: Action; why: string };
  ladder: Ladder;
  time: number;
  records: number;
  readings: Record<string, number | null>;
  history: { stride: number; points: { time: number; requests: number; poh: number }[] };
  label: Label | null;
  override: Override | null;
  campaign: Membership | null;
  stale: boolean;
  as_of?: number;
}

export type Ladder = Record<Exclude<Action, 'allow'>, number>;

export interface Picture {
  account: string;
  time: number;
  requests: number;
  /** [chart, distinct requests in it within the horizon]; 0: visited before that. */
  visited: [number, number][];
  path: { chart: number; x: number; y: number }[];
  homology: { h0: [number, number][]; h1: [number, number][]; exact: boolean };
  growth: {
    /** Distinct requests before the first of those that are counted here. */
    from: number;
    points: { requests: number; charts: number }[];
    honest: { requests: number; low: number; median: number; high: number }[] | null;
  };
  ledger: { charts: number; charts_all: number; covered_mass: number; price_next: number | null } | null;
}

export interface AtlasMap {
  method: string;
  /** Shares of the charts' variance that lie along x and y. */
  explained?: [number, number];
  charts: { x: number; y: number; mass: number }[];
}

export interface Policy {
  ladder: Ladder;
  shadow: boolean;
  jitter: number;
  allowances: { tenant: string; account: string; until: number; at_most: Action; why: string }[];
}

export interface Backtest {
  accounts: number;
  before: Counts;
  after: Counts;
  changed: { account: string; poh: number | null; from: Action; to: Action }[];
  truncated: boolean;
  filled: boolean;
}

export interface System {
  version: string;
  atlas: string;
  time: number;
  started: number;
  durable: boolean;
  rung: number;
  engine: Record<string, number>;
  queue_items: number;
  accounts_in_memory: number;
  store: Record<string, number>;
  latency_us: Record<string, { p50: number | null; p99: number | null }>;
  scored_per_s: number;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.title}: ${problem.detail}`);
  }
}

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  cache?: RequestCache | undefined;
}

/** Sends it and gives the answer as it is, to be streamed; throws ApiError for everything that is no success. */
export async function send(token: string, path: string, ask: Ask = {}): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}`, ...ask.headers };
  const init: RequestInit = { method: ask.method ?? 'GET', headers, credentials: 'omit', redirect: 'error' };
  if (ask.signal) init.signal = ask.signal;
  if (ask.cache) init.cache = ask.cache;
  if (ask.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(ask.body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (ask.signal?.aborted) throw error;
    throw new ApiError({
      type: 'urn:cms:problem:unreachable',
      title: 'The daemon does not answer',
      status: 0,
      detail: 'Is it running, and is the network there? This page tries again by itself.',
    });
  }
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response;
}

/** Sends it and gives the body as JSON; null where there is none (204). */
export async function call<T>(token: string, path: string, ask: Ask = {}): Promise<T> {
  const response = await send(token, path, ask);
  if (response.status === 204) return null as T;
  return (await response.json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Partial<Problem>;
    if (typeof body.title === 'string' && typeof body.detail === 'string') {
      return { type: body.type ?? '', title: body.title, status: response.status, detail: body.detail };
    }
  } catch {
    // No JSON: something between the daemon and the browser has answered.
  }
  const title = `Status ${response.status}`;
  return { type: '', title, status: response.status, detail: 'The answer is not one of the daemon.' };
}

export function tenantPath(tenant: string, rest = ''): string {
  return `/v1/tenants/${encodeURIComponent(tenant)}${rest}`;
}

export function accountPath(tenant: string, account: string, rest = ''): string {
  return tenantPath(tenant, `/accounts/${encodeURIComponent(account)}${rest}`);
}
