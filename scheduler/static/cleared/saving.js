// Forms marked data-save are sent without leaving the page: what could not be saved stays, and says so.
"use strict";
(function () {
  const OFFLINE = "Not saved - no connection. What you entered is still here: try again.";
  const SIGNED_OUT = "Not saved - you are signed out. Sign in in another window, then come back to this page.";

  function tell(text) {
    const banner = document.getElementById("not-saved");
    banner.textContent = text;
    banner.hidden = !text;
  }

  function prepare() {
    document.querySelectorAll("form[data-save]:not([hx-boost])").forEach(function (form) {
      form.setAttribute("hx-boost", "true");
      form.setAttribute("hx-target", "main");
      form.setAttribute("hx-select", "main");
      form.setAttribute("hx-select-oob", "#top");
      form.setAttribute("hx-swap", "outerHTML show:window:top");
      form.setAttribute("hx-disabled-elt", "find button");
      htmx.process(form);
    });
  }

  function saves(event) {
    const sender = event.detail.requestConfig && event.detail.requestConfig.elt;
    return sender && sender.matches("form[data-save]");
  }
  document.addEventListener("htmx:sendError", function (event) {
    if (saves(event)) tell(OFFLINE);
  });
  document.addEventListener("htmx:timeout", function (event) {
    if (saves(event)) tell(OFFLINE);
  });
  // A refusal is a page too: it lists its reasons above what was typed.
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (!saves(event)) return;
    const status = event.detail.xhr.status;
    if (status === 401) {
      event.detail.shouldSwap = false;
      tell(SIGNED_OUT);
      return;
    }
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    tell("");
  });
  document.addEventListener("htmx:afterSettle", function () {
    prepare();
    if (saves(event)) (document.querySelector("main [role=alert], main [role=status]") || document.querySelector("main")).focus();
  });
  prepare();
})();
