import path from 'node:path';

/** Scheme and origin of the pages inside the shell. */
export const pagesScheme = 'edgewise';
/** What the pages themselves see as their origin. */
export const pagesOrigin = `${pagesScheme}://console`;

/** Nothing but our own files may run; requests go to this origin only, which passes them on to the hub. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface PagesOptions {
  /** Folder of the built pages. */
  readonly folder: string;
  readonly hub: () => string | null;
  readonly readFile: (file: string) => Promise<Uint8Array>;
  readonly fetch: (request: Request) => Promise<Response>;
}

/** What the hub answers; everything else under our origin is a file of the pages. */
const hubPaths = /^\/(api\/|health$|time$|docs(\/|$))/;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Answers every request of the pages: files from the folder, API calls from the hub. */
export function createPages(options: PagesOptions): (request: Request) => Promise<Response> {
  return (request) => {
    const url = new URL(request.url);
    if (url.protocol !== `${pagesScheme}:` || url.host !== 'console')
      return Promise.resolve(new Response(null, { status: 403 }));
    if (hubPaths.test(url.pathname)) return askHub(options, request, url);
    return readPage(options, url.pathname);
  };
}

async function askHub(options: PagesOptions, request: Request, url: URL): Promise<Response> {
  const hub = options.hub();
  if (hub === null) return problem('No hub was chosen yet.');
  const headers = new Headers(request.headers);
  headers.delete('origin');
  headers.delete('referer');
  const body = request.body === null ? {} : { body: await request.arrayBuffer() };
  try {
    return await options.fetch(
      new Request(hub + url.pathname + url.search, {
        method: request.method,
        headers,
        signal: request.signal,
        ...body,
      }),
    );
  } catch {
    // Why the network failed is in Electron's own log; the pages only need to know that it did.
    return problem(`The hub at ${hub} does not answer.`);
  }
}

async function readPage(options: PagesOptions, pathname: string): Promise<Response> {
  // Normalising an absolute path takes every `..` away: nothing outside the folder can be named.
  const file = path.normalize(pathname === '/' ? '/index.html' : decodeURIComponent(pathname));
  try {
    const bytes = await options.readFile(path.join(options.folder, file));
    return new Response(bytes as Uint8Array<ArrayBuffer>, {
      headers: {
        'content-type': types[path.extname(file)] ?? 'application/octet-stream',
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
      },
    });
  } catch {
    // Whatever kept it from being read, the page is not there.
    return new Response(null, { status: 404 });
  }
}

/** The shape of the hub's own problem documents, so that the pages treat both alike. */
function problem(detail: string): Response {
  const body = {
    type: 'urn:edgewise:problem:unavailable',
    title: 'The other side cannot be reached just now.',
    status: 503,
    detail,
    code: 'unavailable',
    retry: 'backoff',
  };
  return new Response(JSON.stringify(body), {
    status: 503,
    headers: { 'content-type': 'application/problem+json' },
  });
}
