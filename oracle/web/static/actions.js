// The buttons that change a study, and the dialogs that ask first.

import {tell, watched} from "./launch.js";
import {ask, say} from "./service.js";

const APPLICABLE = {
  resume: ["waiting", "blocked"],
  pause: ["running"],
  cancel: ["running", "pausing"],
  extend: ["waiting", "blocked", "finished"],
  delete: ["waiting", "blocked", "finished"],
};

const DONE = {
  pause: "Paused: no trial starts any more, and those under way end.",
  cancel: "Cancelled: nothing more is recorded.",
};

/** Make the buttons work; what is returned shows which of them apply. */
export function actions({path, name}) {
  const buttons = [...document.querySelectorAll("#actions button")], said = document.getElementById("answer");
  let state = "", busy = false, changed = () => {};
  const show = () => {
    for (const button of buttons) {
      button.disabled = busy || !APPLICABLE[button.dataset.posts ?? button.dataset.opens].includes(state);
    }
  };
  const act = async (action, values = {}) => {
    busy = true;
    show();
    tell(said, "…");
    try {
      if (action === "delete") {
        await ask(path, {method: "DELETE"});
        location.assign("/");
        return;
      }
      const answer = await ask(`${path}/${action}`, {method: "POST", body: values});
      if (answer?.id != null) await watched(answer, said);
      else tell(said, DONE[action]);
    } catch (error) {
      tell(said, error.message, true);
    }
    say(said.textContent);
    busy = false;
    show();
    changed();
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const {posts, opens} = button.dataset;
      if (posts) act(posts);
      else document.getElementById(opens).showModal();
    });
  }
  for (const form of document.querySelectorAll("dialog form")) {
    const dialog = form.closest("dialog"), typed = form.elements.typed;
    typed?.addEventListener("input", () => { form.querySelector("[value=yes]").disabled = typed.value !== name; });
    dialog.addEventListener("close", () => {
      const values = read(form), sure = dialog.returnValue === "yes" && (!typed || typed.value === name);
      dialog.returnValue = "";
      form.reset();
      if (typed) form.querySelector("[value=yes]").disabled = true;
      if (sure) act(form.dataset.action, values);
    });
  }
  document.getElementById("actions").hidden = false;
  return {
    show: summary => { state = summary.state; show(); },
    bind: refresh => { changed = refresh; },
  };
}

function read(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.name === "typed") continue;
    if (field.type === "checkbox") { if (field.checked) values[field.name] = true; }
    else if (field.value.trim()) values[field.name] = field.dataset.list === undefined ? Number(field.value)
      : field.value.split(/[\s,]+/).filter(Boolean).map(Number);
  }
  return values;
}
