/* The API reference: Swagger UI on this service's own description, without a request to any other host. */

document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);

const reference = document.getElementById("reference");

const PARTS = [
  [".information-container", "About this API"],
  [".scheme-container", "Credentials"],
  [".filter-container", "Filter"],
];

/*
 * What Swagger UI leaves out for those who hear the page or use keys alone. It changes the page while it is used, and so does this.
 */
function repair() {
  // What stands before the operations is a part of the page, too.
  for (const [part, name] of PARTS) {
    for (const element of reference.querySelectorAll(part)) {
      element.setAttribute("role", "region");
      element.setAttribute("aria-label", name);
    }
  }
  // No level of headings is skipped.
  let level = 0;
  for (const heading of reference.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    level = Math.min(Number(heading.localName.slice(1)), level + 1);
    heading.setAttribute("aria-level", String(level));
  }
  // A table is a table, not a part of the page without a name.
  for (const table of reference.querySelectorAll("table[role=region]")) table.removeAttribute("role");
  for (const menu of reference.querySelectorAll("select:not([aria-label])")) {
    menu.setAttribute("aria-label", menu.matches(".examples-select-element") ? "Example" : "Choice");
  }
  for (const value of reference.querySelectorAll("tr[data-param-name] input:not([aria-label])")) {
    value.setAttribute("aria-label", value.closest("tr").dataset.paramName);
  }
  // A link inside of a button does what the button does.
  for (const link of reference.querySelectorAll("button a[href]")) link.removeAttribute("href");
  for (const button of reference.querySelectorAll(".close-modal")) button.setAttribute("aria-label", "Close");
  for (const button of reference.querySelectorAll(".auth-btn-wrapper button")) {
    button.removeAttribute("aria-label");
  }
}
new MutationObserver(repair).observe(reference, { childList: true, subtree: true });

globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  domNode: reference,
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  requestSnippetsEnabled: true,
  // Its colours are too faint for small text.
  syntaxHighlight: false,
  // The session cookie of somebody who is signed in goes along: the page is the API's own.
  withCredentials: true,
});
