// What the pages do beyond being read.

const form = document.getElementById("login");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/api/v1/login", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Scyc-Request": "1" },
    body: JSON.stringify({ token: form.token.value }),
  });
  if (answer.ok) location.replace("/");
  else document.getElementById("said").textContent = (await answer.json()).error;
});
