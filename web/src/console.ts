// Everything a console page runs except the map: the clock, live refreshing, the desk where an
// officer writes, and the selection that lists and map share. Pages work without it, less lively.

import htmx from "htmx.org";

import { startClock } from "./clock.ts";
import { startDesk } from "./desk.ts";
import { startLive } from "./live.ts";
import { startPanels } from "./panels.ts";
import { startSelection } from "./selection.ts";

startClock();
startPanels();
startSelection(htmx);
startDesk();
startLive();
