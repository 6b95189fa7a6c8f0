import { render } from "preact";
import { App } from "./app.tsx";
import { followLinks } from "./lib/router.ts";
import { applyTheme, chosenTheme } from "./lib/theme.ts";
import { preloadPage } from "./pages.tsx";
import "./styles/tokens.css";
import "./styles/elements.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/tables.css";
import "./styles/charts.css";
import "./styles/sql.css";
import "./styles/compare.css";
import "./styles/connecting.css";

applyTheme(chosenTheme());
followLinks(preloadPage);
// While it is found out who is signed in.
preloadPage(location.pathname);
render(<App />, document.getElementById("console") as HTMLElement);
