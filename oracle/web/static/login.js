// The page that asks for the token.

import {ask} from "./service.js";

export function begin() {
  const field = document.getElementById("token"), said = document.getElementById("answer");
  document.getElementById("login").addEventListener("submit", async event => {
    event.preventDefault();
    said.textContent = "";
    try {
      await ask("/login", {method: "POST", body: {token: field.value}});
    } catch (error) {
      said.textContent = error.message;
      said.classList.add("bad");
      field.select();
      return;
    }
    const next = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
    location.replace(next.origin === location.origin ? next.pathname + next.search : "/");
  });
  document.querySelector("#login button").disabled = false; // before, the browser itself would send the form
}
