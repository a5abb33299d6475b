// The form that starts a study.

import {ask} from "./service.js";
import {make, pageOf} from "./words.js";

export async function begin() {
  const form = document.getElementById("launch");
  if (!form) return;
  const [name, preset, spec, workers, said] = ["name", "preset", "spec", "workers", "answer"].map(id => document.getElementById(id));
  const button = form.querySelector("button");
  form.addEventListener("submit", async event => {
    event.preventDefault();
    button.disabled = true;
    tell(said, "Starting …");
    try {
      const body = {name: name.value, spec: spec.value, ...(workers.value && {workers: Number(workers.value)})};
      const launch = await watched(await ask("/launches", {method: "POST", body}), said);
      if (launch.study_id != null && launch.state !== "refused") location.assign(pageOf(launch.study));
    } catch (error) {
      tell(said, error.message, true);
    }
    button.disabled = false;
  });
  button.disabled = false;
  let taken = "";
  const {presets} = await ask("/presets").catch(() => ({presets: []}));
  preset.append(...presets.map(({name, about}) => make("option", {value: name, title: about}, name)));
  preset.addEventListener("change", () => {
    if (spec.value.trim() && spec.value !== taken && !confirm("Replace the spec that you have edited?")) return;
    spec.value = taken = presets.find(one => one.name === preset.value)?.toml ?? "";
    spec.scrollTop = 0;
  });
}

/** Wait until a launch has a driver or is refused; return it as it is then. */
export async function watched(launch, said) {
  while (launch.state === "accepted") {
    tell(said, launch.message || "Accepted; its driver is starting.");
    await new Promise(done => setTimeout(done, 700));
    launch = await ask(`/launches/${launch.id}`);
  }
  const failed = ["refused", "lost"].includes(launch.state);
  tell(said, launch.message ?? (failed ? "Its driver has gone without a word." : "Its driver is at work."), failed);
  return launch;
}

export function tell(said, sentence, bad = false) {
  said.textContent = sentence;
  said.classList.toggle("bad", bad);
}
