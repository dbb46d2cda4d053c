// Who is signed in. The token is kept in sessionStorage: it goes with the tab, and no other page or tab can read it.
import { ApiError, call, type Me, type Problem } from './api';

const tokenKey = 'cms.token';

/** The token of a link that ends in #token=...: browsers send that to nobody, and it leaves the address at once. */
function takeFromAddress(): string | null {
  const found = /^#token=(cms_\w+)$/.exec(location.hash);
  if (found) history.replaceState(null, '', location.pathname + location.search);
  return found?.[1] ?? null;
}

class Session {
  token = $state<string | null>(takeFromAddress() ?? sessionStorage.getItem(tokenKey));
  me = $state.raw<Me | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);

  get mayDecide(): boolean {
    return this.me?.role === 'analyst' || this.me?.role === 'admin';
  }

  get seesSystem(): boolean {
    return this.me?.all_tenants ?? false;
  }

  /** Asks the daemon who the token is of; what is wrong with it is left in `problem`. */
  async signIn(token: string): Promise<void> {
    this.busy = true;
    this.problem = null;
    try {
      const me = await call<Me>(token, '/v1/me');
      if (me.role === 'tap') {
        this.problem = {
          type: '',
          title: 'This token is for a tap',
          status: 403,
          detail: 'Taps send, and see nothing. Use a token of a reader, analyst or admin.',
        };
        this.forget();
      } else {
        this.me = me;
        this.token = token;
        sessionStorage.setItem(tokenKey, token);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = error.problem;
      // A daemon that does not answer is no reason to throw a good token away.
      if (error.problem.status === 401) this.forget();
    } finally {
      this.busy = false;
    }
  }

  signOut(problem: Problem | null = null): void {
    this.forget();
    this.problem = problem;
  }

  private forget(): void {
    this.token = null;
    this.me = null;
    sessionStorage.removeItem(tokenKey);
  }
}

export const session = new Session();

/** `call` with the token of the session; a token that is no longer valid signs out. */
export async function ask<T>(path: string, options: Parameters<typeof call>[2] = {}): Promise<T> {
  try {
    return await call<T>(session.token ?? '', path, options);
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 401) session.signOut(error.problem);
    throw error;
  }
}
