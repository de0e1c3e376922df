// The board's age: amber after 60 s; after 120 s what was ready says when it was, until the server answers again.
"use strict";
(function () {
  const AMBER = 60, STALE = 120;
  let heard = Date.now(), across = 0;

  function show() {
    const stamp = document.querySelector("[data-stamp]");
    if (!stamp) return;
    const seconds = Math.round((Date.now() - heard) / 1000), asOf = stamp.dataset.stamp;
    stamp.classList.toggle("late", seconds >= AMBER);
    stamp.classList.toggle("stale", seconds >= STALE);
    stamp.textContent = seconds >= STALE ? "as of " + asOf + ", not checked since"
      : seconds >= AMBER ? "as of " + asOf + ", " + seconds + " s ago" : "as of " + asOf;
    if (seconds >= STALE) document.querySelectorAll("#board [data-ready]").forEach(doubt, asOf);
    else if (document.querySelector("#board [data-doubted]")) document.querySelectorAll("#board [data-doubted]").forEach(trust);
  }

  function doubt(chip) {
    if (chip.dataset.doubted) return;
    chip.dataset.doubted = chip.className;
    chip.className = "status square";
    chip.querySelector(".sign").textContent = "?";
    chip.querySelector(".word").textContent = "was ready " + this + ", not checked since";
  }

  function trust(chip) {
    chip.className = chip.dataset.doubted;
    delete chip.dataset.doubted;
    chip.querySelector(".sign").textContent = "✔";
    chip.querySelector(".word").textContent = "ready";
  }

  function sideways() {
    return document.querySelector("#board .wide");
  }
  document.addEventListener("htmx:beforeSwap", function () {
    across = sideways() ? sideways().scrollLeft : 0;
  });
  document.addEventListener("htmx:afterSwap", function () {
    if (sideways()) sideways().scrollLeft = across;
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (event.detail.target && event.detail.target.id === "board" && (status === 200 || status === 204)) heard = Date.now();
    show();
  });
  setInterval(show, 1000);
  show();
})();
