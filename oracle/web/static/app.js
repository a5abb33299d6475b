// What runs on every page: it starts the page's own part, and its links.

import {launches} from "./launches.js";
import {ask, calm, follow} from "./service.js";
import {count, duration, make, pageOf, whole} from "./words.js";

const pages = {
  studies,
  study: async () => (await import("./study.js")).begin(),
  launch: async () => (await import("./launch.js")).begin(),
  login: async () => (await import("./login.js")).begin(),
};

pages[document.body.dataset.page]?.();

const leave = document.querySelector("[data-signs-out]");
if (leave && document.body.dataset.page !== "login") {
  leave.hidden = false;
  leave.addEventListener("click", async event => {
    event.preventDefault();
    await ask("/login", {method: "DELETE"}).catch(() => null);
    location.assign("/login");
  });
}

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copies);
  getSelection().selectAllChildren(text); // to copy by hand where a page may not
  await navigator.clipboard?.writeText(text.textContent).then(() => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }, () => null);
});

function studies() {
  const list = document.getElementById("studies");
  const show = ({studies}) => {
    const focused = document.activeElement?.getAttribute?.("href");
    list.replaceChildren(...studies.map(entry));
    launched();
    document.getElementById("none").hidden = studies.length > 0;
    if (focused && !document.activeElement?.matches("a, button")) list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  };
  const launched = calm(launches(), 5000);
  const look = async () => {
    const found = [];
    for (let after = 0; after !== null;) {
      const part = await ask(`/studies?limit=500&after=${after}`);
      found.push(...part.studies);
      after = part.next;
    }
    show({studies: found});
  };
  follow("/events", {studies: show}, () => look().catch(() => null));
}

function entry(study) {
  const badge = make("span", {class: `badge ${study.state}`}, study.state);
  if (study.state === "unreadable") {
    return make("li", {class: study.state}, make("h2", {}, study.name, " ", badge), make("p", {}, study.error ?? ""));
  }
  const {done, stopped, total, failed} = study.trials, ended = done + stopped;
  const parts = [`${study.decided} of ${count(study.levels, "level")} decided`, `${whole(ended)} of ${count(total, "trial")}`];
  if (failed) parts.push(make("span", {class: "bad"}, `${whole(failed)} failed`));
  if (study.seconds_left != null) parts.push(`${duration(study.seconds_left)} left`);
  if (study.holder && study.state !== "waiting" && study.state !== "finished") parts.push(`driven by ${study.holder}`);
  const page = pageOf(study.name);
  parts.push(make("a", {href: page.replace("/study/", "/report/")}, "report"));
  return make("li", {class: study.state},
    make("h2", {}, make("a", {href: page}, study.name), badge),
    make("progress", {max: Math.max(total, 1), value: ended, "aria-label": "Trials done"}),
    make("p", {}, ...parts.flatMap((part, i) => i ? [" · ", part] : [part])));
}
