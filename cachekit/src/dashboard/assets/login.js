"use strict";

// Sends the token as JSON, which a form of another site cannot do, and shows the page on success.

const form = document.getElementById("login");
const field = document.getElementById("token");
const result = document.getElementById("result");

form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.textContent = "";
    try {
        const response = await fetch("login", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ token: field.value }),
        });
        if (response.ok) {
            location.reload();
            return;
        }
        const answer = await response.json();
        result.textContent = `Not logged in: ${answer.error}.`;
    } catch {
        result.textContent = "Not logged in: the service does not answer.";
    }
    field.select();
});
