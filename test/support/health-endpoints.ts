/** Stands in for the probed endpoints: answers by URL, and records the requests. */
export function healthEndpoints(answer: (url: string, init: RequestInit) => Response | Promise<Response>) {
  const asked: string[] = [];
  const requests: RequestInit[] = [];
  const fetchHealth: typeof fetch = async (url, init) => {
    if (typeof url !== "string" || !init) throw new Error("a health check names its URL and its terms");
    asked.push(url);
    requests.push(init);
    return answer(url, init);
  };
  return { asked, requests, fetchHealth };
}

export const redirect = (location: string, status = 302) =>
  new Response(null, { status, headers: { Location: location } });
