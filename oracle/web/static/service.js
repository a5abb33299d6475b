// How pages talk to the service: requests, and the stream of what changed.

export class Refused extends Error {}

/** Return what the API answers, as JSON; a Refused has the service's own sentence. */
export async function ask(path, {method = "GET", body} = {}) {
  const headers = {};
  if (method !== "GET") headers["X-Scyc-Request"] = "1"; // no form of another page can send it
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/api/v1${path}`, {method, headers, body: body === undefined ? body : JSON.stringify(body)})
    .catch(error => { line.away(); throw error; });
  if (answer.status === 401 && !path.startsWith("/login")) signIn();
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => null);
  const refused = content?.error ?? `The service answered with status ${answer.status}.`;
  if (answer.status === 503) line.away(refused);
  else line.back();
  if (!answer.ok) throw new Refused(refused);
  return content;
}

/** The quiet line that says what is away. */
const line = {
  since: null,
  cut: false, // whether the stream of events is
  away(why) {
    this.since ??= new Date();
    const time = this.since.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
    this.show(`${why ?? `Not connected since ${time};`} ${why ? "T" : "t"}rying again.`);
  },
  back() {
    if (this.cut || !this.since) return;
    this.since = null;
    this.show("");
  },
  show(sentence) {
    const place = document.getElementById("line");
    if (place.textContent !== sentence) place.textContent = sentence; // or it would be read out again
  },
};

function signIn() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/**
 * Follow a stream of events, again and again after every loss, while somebody looks.
 *
 * A page that is hidden gives its connection up, because a browser has only six for a server.
 * `missed` is called when the page has been away, so that it may have missed something.
 */
export function follow(path, heard, missed) {
  let source, timer;
  const back = () => {
    if (!line.cut) return;
    line.cut = false;
    line.back();
    missed();
  };
  const lost = () => { line.cut = true; line.away(); };
  const connect = () => {
    close();
    source = new EventSource(`/api/v1${path}`);
    source.addEventListener("open", back);
    source.addEventListener("error", () => {
      lost();
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      timer = setTimeout(() => ask("/session").catch(() => null).then(connect), 2000); // it may be that nobody is signed in
    });
    for (const [name, hear] of Object.entries(heard)) {
      source.addEventListener(name, event => { back(); hear(JSON.parse(event.data)); });
    }
  };
  const alive = async () => { // a cable that was pulled out says nothing, nor does a database that is away
    const answer = await fetch("/health").catch(() => null);
    if (!answer) { lost(); connect(); }
    else if (answer.ok) line.back();
    else line.away("The database does not answer.");
  };
  setInterval(() => document.hidden || line.cut || alive(), 10_000);
  const close = () => { clearTimeout(timer); source?.close(); };
  const look = () => {
    if (document.hidden) return close();
    connect();
    missed();
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", close);
  addEventListener("pageshow", event => { if (event.persisted) look(); });
  connect();
  return () => { document.removeEventListener("visibilitychange", look); close(); };
}

/** Return a function that does the work soon, never twice at once, and at most once in `pause` milliseconds. */
export function calm(work, pause = 1000) {
  let wanted = false, busy = false;
  const go = async () => {
    busy = true;
    while (wanted) {
      wanted = false;
      let failed = false;
      try { await work(); } catch (error) { failed = true; if (!(error instanceof Refused || error instanceof TypeError)) console.error(error); }
      await new Promise(done => setTimeout(done, failed ? 3000 : pause));
      wanted ||= failed;
    }
    busy = false;
  };
  return () => { wanted = true; if (!busy) go(); };
}

/** Return a function that asks for an answer: after a moment's rest, one request at a time, and the newest wins. */
export function newest(answer, rest = 120) {
  let wanted = 0, timer, busy = false;
  const go = async () => {
    if (busy) return;
    busy = true;
    const mine = wanted;
    await answer(() => mine === wanted);
    busy = false;
    if (mine !== wanted) go();
  };
  return () => { wanted++; clearTimeout(timer); timer = setTimeout(go, rest); };
}

/** Tell people who listen to the page. */
export function say(sentence) {
  document.getElementById("said").textContent = sentence;
}
