import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./ui/ui.css";
import "./ui/search.css";
import "./ui/detail.css";
import "./charts/charts.css";
import "./pages/overview/overview.css";
import "./pages/logs/logs.css";
import "./pages/traces/traces.css";
import { App } from "./App";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
