// Studies that were asked for and are not there yet, on the page of all studies.

import {ask} from "./service.js";
import {make} from "./words.js";

const LATELY = 24 * 3600 * 1000; // for how long a refusal is shown

/** Return a function that shows them; it looks again by itself while a driver is starting. */
export function launches() {
  const list = document.getElementById("launches");
  let timer;
  const show = async () => {
    clearTimeout(timer);
    const found = (await ask("/launches?limit=20").catch(() => ({launches: []}))).launches;
    const {writes} = await session;
    const waiting = found.filter(one => one.study_id == null && (one.state === "accepted"
      || one.state === "refused" && Date.now() - Date.parse(one.created_at) < LATELY));
    list.replaceChildren(...waiting.map(one => entry(one, writes, show)));
    list.hidden = !waiting.length;
    if (waiting.length) document.getElementById("none").hidden = true;
    if (waiting.some(one => one.state === "accepted")) timer = setTimeout(show, 2000);
  };
  const session = ask("/session").catch(() => ({writes: false}));
  return show;
}

function entry(launch, writes, again) {
  const starting = launch.state === "accepted", said = make("p", {role: "status"},
    launch.message ?? "Accepted; its driver is starting.");
  const act = (name, method, path) => {
    const button = make("button", {type: "button"}, name);
    button.addEventListener("click", () => ask(`/launches/${launch.id}${path}`, {method}).then(again, error => {
      said.textContent = error.message;
    }));
    return button;
  };
  return make("li", {class: launch.state},
    make("h2", {}, launch.study, make("span", {class: `badge ${starting ? "waiting" : "blocked"}`}, starting ? "starting" : "refused")),
    said,
    starting && writes ? make("p", {class: "row"}, act("Start the driver again", "POST", "/resume"), act("Withdraw", "DELETE", "")) : null);
}
