// The chart of the overview, by Debian's Chart.js. Where that is missing, there are only the tables.

/** When each step ends: the last one now, so that the bar of today's decisions has today's name. */
export const endsOf = ({steps, until}) => steps.map((_, i) => steps[i + 1]?.from ?? until);

/** The name of a step, short enough to stand below its bar. */
function stepName(end, period) {
    const at = new Date(end);
    const words = (options) => at.toLocaleString("en-GB", options);
    switch (period) {
    case "day":
        return words({hour: "2-digit", minute: "2-digit"});
    case "week":
        return `${words({weekday: "short"})} ${at.getDate()}`;
    default:
        return `${at.getDate()} ${words({month: "short"})}`;
    }
}

/** Resolves once all scripts of the page have been loaded, or could not be. */
const loaded = new Promise((resolve) => {
    if (document.readyState === "complete") {
        resolve();
    } else {
        addEventListener("load", resolve, {once: true});
    }
});

/** What a step is, before when it ends. */
export const UNIT = {day: "Hour", week: "24 hours", month: "24 hours"};

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A series' color, with strokes of its own, so that the series differ without colors, too. */
function pattern(name, lines) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = color(name);
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = color("surface");
    pen.beginPath();
    lines.forEach(([x1, y1, x2, y2]) => {
        pen.moveTo(x1, y1);
        pen.lineTo(x2, y2);
    });
    pen.stroke();
    return pen.createPattern(tile, "repeat");
}

const STROKES = {
    approve: [],
    deny: [[-2, 6, 2, 10], [-2, -2, 10, 10], [6, -2, 10, 2]],
    leave: [[0, 4, 8, 4]],
    by_hand: [[4, 0, 4, 8]],
};

function settings(overview, series) {
    const {steps, period} = overview;
    const text = color("text");
    return {
        type: "bar",
        data: {
            labels: endsOf(overview).map((end) => stepName(end, period)),
            datasets: series.map(([name, words]) =>
                ({label: words, data: steps.map((step) => step[name]), backgroundColor: pattern(name, STROKES[name])})),
        },
        options: {
            animation: false,
            maintainAspectRatio: false,
            color: text,
            scales: {
                x: {stacked: true, ticks: {color: text}, grid: {display: false},
                    title: {display: true, color: text, text: `${UNIT[period]} until`}},
                y: {stacked: true, beginAtZero: true, ticks: {color: text, precision: 0}, grid: {color: color("line")}},
            },
        },
    };
}

/** Draws into `canvas` when Chart.js is there, and again when the color scheme changes; else takes `place` away. */
export async function drawBars(place, canvas, overview, series) {
    await loaded;
    if (typeof globalThis.Chart !== "function") {
        place.remove();
        return;
    }
    if (!canvas.isConnected) {
        return;  // another period was chosen meanwhile
    }
    let chart = new globalThis.Chart(canvas, settings(overview, series));
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const again = () => {
        chart.destroy();
        if (canvas.isConnected) {
            chart = new globalThis.Chart(canvas, settings(overview, series));
        } else {
            scheme.removeEventListener("change", again);
        }
    };
    scheme.addEventListener("change", again);
}
