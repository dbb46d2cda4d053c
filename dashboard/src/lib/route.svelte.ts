// Where one is: #/t/TENANT/PAGE[/ACCOUNT or CAMPAIGN], or #/system. Hash routes, so that the daemon serves one file.

export const pages = ['overview', 'queue', 'accounts', 'campaigns', 'policy', 'system'] as const;
export type Page = (typeof pages)[number];

export interface Place {
  /** The last one that was named, where the page is of none. */
  tenant: string | null;
  page: Page;
  account: string | null;
  campaign: string | null;
}

function parse(hash: string, last: string | null): Place {
  const parts = hash.replace(/^#\/?/, '').split('/').map(decode);
  if (parts[0] === 'system') return { tenant: last, page: 'system', account: null, campaign: null };
  if (parts[0] !== 't' || !parts[1]) return { tenant: last, page: 'overview', account: null, campaign: null };
  const page = pages.find((one) => one === parts[2]) ?? 'overview';
  const named = (of: Page) => (page === of && parts[3] ? parts[3] : null);
  return { tenant: parts[1], page, account: named('accounts'), campaign: named('campaigns') };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class Route {
  place = $state.raw<Place>(parse(location.hash, null));

  constructor() {
    addEventListener('hashchange', () => (this.place = parse(location.hash, this.place.tenant)));
  }
}

export const route = new Route();

export function href(page: Page, tenant: string, one?: string): string {
  if (page === 'system') return '#/system';
  const at = `#/t/${encodeURIComponent(tenant)}/${page}`;
  return one === undefined ? at : `${at}/${encodeURIComponent(one)}`;
}

export function go(page: Page, tenant: string, one?: string): void {
  location.hash = href(page, tenant, one);
}
